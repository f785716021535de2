import { type Datatype, isDatatype, type Tensor, type TensorSpecification } from './datatype.ts';
import { ProtocolError } from './protocol-error.ts';
import { type Fields, fields, readJsonObject } from './request-body.ts';
import { readBinaryData } from './tensor-binary.ts';
import { readJsonData, writeJsonData } from './tensor-json.ts';

export interface InferenceRequest {
  readonly id: string | undefined;
  readonly inputs: readonly Tensor[];
  /** Sizes of the free dimensions agree between the inputs; this is the first of them, 1 when there is none. */
  readonly batchSize: number;
  readonly outputs: readonly { readonly name: string; readonly binary: boolean }[];
}

/** What a model takes and gives. */
export interface ModelSpecification {
  readonly inputs: readonly TensorSpecification[];
  readonly outputs: readonly TensorSpecification[];
}

/**
 * Reads the body of `POST …/infer` (Open Inference Protocol, REST; binary tensor data extension) and holds it against
 * the model.
 *
 * @param jsonLength of the header Inference-Header-Content-Length; undefined when the whole body is JSON
 * @throws ProtocolError with a sentence for the client
 */
export function readInferenceRequest(
  body: Uint8Array,
  jsonLength: number | undefined,
  model: ModelSpecification,
): InferenceRequest {
  const request = readJson(body, jsonLength);
  const parameters = fields(request.parameters);
  if (request.id !== undefined && typeof request.id !== 'string') throw new ProtocolError('"id" is not text.');
  if (!Array.isArray(request.inputs)) throw new ProtocolError('The request has no "inputs" array.');
  const binary = new BinaryPart(jsonLength === undefined ? new Uint8Array() : body.subarray(jsonLength));
  const inputs = (request.inputs as unknown[]).map((input) => readInput(fields(input), binary, model));
  binary.end();
  for (const specification of model.inputs) checkValues(specification, inputs);
  return {
    id: request.id as string | undefined,
    inputs: inModelOrder(inputs, model),
    batchSize: batchSizeOf(inputs, model),
    outputs: readOutputs(request.outputs, parameters.binary_data_output === true, model),
  };
}

/**
 * The same request as JSON text: what an example file holds, and what a client sends.
 *
 * @param outputs names of those that are wanted; all where it is left out
 */
export function writeInferenceRequest(inputs: readonly Tensor[], outputs?: readonly string[]): string {
  return JSON.stringify({
    ...(outputs === undefined ? {} : { outputs: outputs.map((name) => ({ name })) }),
    inputs: inputs.map((tensor) => ({
      name: tensor.name,
      shape: tensor.shape,
      datatype: tensor.datatype,
      data: writeJsonData(tensor),
    })),
  });
}

/** The raw bytes behind the JSON, handed out in the order of the inputs that ask for some. */
class BinaryPart {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(name: string, sizeBytes: unknown): Uint8Array {
    if (typeof sizeBytes !== 'number' || !Number.isInteger(sizeBytes) || sizeBytes < 0)
      throw new ProtocolError(`Input "${name}": binary_data_size is not a number of bytes.`);
    if (this.#offset + sizeBytes > this.#bytes.byteLength) {
      throw new ProtocolError(
        `Input "${name}" announces ${sizeBytes} bytes; ${this.#bytes.byteLength - this.#offset} are left in the body.`,
      );
    }
    const taken = this.#bytes.subarray(this.#offset, this.#offset + sizeBytes);
    this.#offset += sizeBytes;
    return taken;
  }

  end(): void {
    if (this.#offset !== this.#bytes.byteLength)
      throw new ProtocolError(`${this.#bytes.byteLength - this.#offset} bytes of the body belong to no input.`);
  }
}

function readJson(body: Uint8Array, jsonLength: number | undefined): Fields {
  if (jsonLength !== undefined && (!Number.isInteger(jsonLength) || jsonLength < 0 || jsonLength > body.byteLength))
    throw new ProtocolError(`Inference-Header-Content-Length does not fit a body of ${body.byteLength} bytes.`);
  const bytes = jsonLength === undefined ? body : body.subarray(0, jsonLength);
  return readJsonObject(bytes);
}

function readInput(input: Fields, binary: BinaryPart, model: ModelSpecification): Tensor {
  const known = model.inputs.map((one) => `"${one.name}"`).join(', ');
  const specification = model.inputs.find((one) => one.name === input.name);
  if (specification === undefined)
    throw new ProtocolError(`The model has no input ${JSON.stringify(input.name)}; it has ${known}.`);
  const { name } = specification;
  const { shape, datatype } = input;
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw new ProtocolError(`Input "${name}" has no shape of whole numbers.`);
  if (datatype !== specification.datatype || !isDatatype(specification.datatype)) {
    throw new ProtocolError(
      `Input "${name}" has the datatype ${JSON.stringify(datatype)}; the model takes ${specification.datatype}.`,
    );
  }
  const fits =
    shape.length === specification.shape.length &&
    specification.shape.every((size, dimension) => size === -1 || size === shape[dimension]);
  // What only refers to rows of another input may be about none of them.
  const refers = typeof specification.values?.below === 'string';
  if (!fits || (shape.includes(0) && !refers)) {
    throw new ProtocolError(
      `Input "${name}" has the shape [${shape.join(', ')}]; the model takes [${specification.shape.join(', ')}], where -1 is any size from 1.`,
    );
  }
  const type: Datatype = specification.datatype;
  const sizeBytes = fields(input.parameters).binary_data_size;
  const data =
    sizeBytes === undefined
      ? readJsonData(name, type, shape, input.data)
      : readBinaryData(name, type, shape, binary.take(name, sizeBytes));
  return { name, datatype: type, shape, data };
}

function checkValues({ name, values }: TensorSpecification, inputs: readonly Tensor[]): void {
  const input = inputs.find((one) => one.name === name);
  if (values === undefined || input === undefined) return;
  const { from, below } = values;
  const end = typeof below === 'number' ? below : (inputs.find((one) => one.name === below)?.shape[0] ?? 0);
  const wrong = Array.from(input.data as Iterable<number | bigint>).findIndex((value) => value < from || value >= end);
  if (wrong === -1) return;
  const rows = typeof below === 'number' ? '' : `, the number of rows of "${below}" less one`;
  throw new ProtocolError(
    `Input "${name}", element ${wrong}: ${input.data[wrong]} is not between ${from} and ${end - 1}${rows}.`,
  );
}

function inModelOrder(inputs: readonly Tensor[], model: ModelSpecification): Tensor[] {
  return model.inputs.map(({ name }) => {
    const given = inputs.filter((input) => input.name === name);
    if (given.length === 0) throw new ProtocolError(`The input "${name}" is missing.`);
    if (given.length > 1) throw new ProtocolError(`The input "${name}" is there ${given.length} times.`);
    return given[0];
  });
}

function batchSizeOf(inputs: readonly Tensor[], model: ModelSpecification): number {
  const sizes = model.inputs
    .filter((specification) => specification.shape[0] === -1)
    .map(({ name }) => inputs.find((input) => input.name === name)?.shape[0] ?? 1);
  if (new Set(sizes).size > 1) throw new ProtocolError(`The inputs have different batch sizes: ${sizes.join(', ')}.`);
  return sizes[0] ?? 1;
}

function readOutputs(
  requested: unknown,
  binaryByDefault: boolean,
  model: ModelSpecification,
): InferenceRequest['outputs'] {
  if (requested === undefined) return model.outputs.map(({ name }) => ({ name, binary: binaryByDefault }));
  if (!Array.isArray(requested)) throw new ProtocolError('"outputs" is not an array.');
  return requested.map((one) => {
    const output = fields(one);
    const specification = model.outputs.find(({ name }) => name === output.name);
    if (specification === undefined) {
      const known = model.outputs.map(({ name }) => `"${name}"`).join(', ');
      throw new ProtocolError(`The model has no output ${JSON.stringify(output.name)}; it has ${known}.`);
    }
    const binary = fields(output.parameters).binary_data;
    return { name: specification.name, binary: typeof binary === 'boolean' ? binary : binaryByDefault };
  });
}
