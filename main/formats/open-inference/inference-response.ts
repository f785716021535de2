import { isDatatype, type Tensor } from './datatype.ts';
import { ProtocolError } from './protocol-error.ts';
import { writeBinaryData } from './tensor-binary.ts';
import { readJsonData, writeJsonData } from './tensor-json.ts';

export interface InferenceResponse {
  readonly id?: string | undefined;
  readonly modelName: string;
  readonly modelVersion: string;
  readonly outputs: readonly Tensor[];
}

export interface EncodedResponse {
  readonly body: Uint8Array;
  readonly contentType: string;
  /** Value of Inference-Header-Content-Length; undefined when the body is JSON alone. */
  readonly jsonLength: number | undefined;
}

/** @param binary names of the outputs that go as raw bytes behind the JSON */
export function writeInferenceResponse(response: InferenceResponse, binary: ReadonlySet<string>): EncodedResponse {
  const parts: Uint8Array[] = [];
  const outputs = response.outputs.map((tensor) => {
    const { name, shape, datatype } = tensor;
    if (!binary.has(name)) return { name, shape, datatype, data: writeJsonData(tensor) };
    const bytes = writeBinaryData(tensor);
    parts.push(bytes);
    return { name, shape, datatype, parameters: { binary_data_size: bytes.byteLength } };
  });
  const json = Buffer.from(
    JSON.stringify({
      model_name: response.modelName,
      model_version: response.modelVersion,
      ...(response.id === undefined ? {} : { id: response.id }),
      outputs,
    }),
  );
  if (parts.length === 0) return { body: json, contentType: 'application/json', jsonLength: undefined };
  return {
    body: Buffer.concat([json, ...parts]),
    contentType: 'application/octet-stream',
    jsonLength: json.byteLength,
  };
}

/** Reads a response without binary parts. @throws ProtocolError */
export function readInferenceResponse(text: string): InferenceResponse {
  const value = parse(text);
  const outputs = value.outputs;
  if (!Array.isArray(outputs)) throw new ProtocolError('The response has no "outputs".');
  return {
    id: typeof value.id === 'string' ? value.id : undefined,
    modelName: String(value.model_name),
    modelVersion: String(value.model_version),
    outputs: outputs.map((output: { name: unknown; datatype: unknown; shape: unknown; data: unknown }) => {
      const name = String(output.name);
      const datatype = String(output.datatype);
      if (!isDatatype(datatype) || !Array.isArray(output.shape))
        throw new ProtocolError(`Output "${name}" has an unknown datatype or no shape.`);
      return { name, datatype, shape: output.shape, data: readJsonData(name, datatype, output.shape, output.data) };
    }),
  };
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new ProtocolError('The response is not a JSON object.');
}
