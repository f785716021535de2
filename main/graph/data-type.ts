import { GraphError } from './graph-error.ts';

/** Element types of tensors, named as in NumPy and ONNX Runtime. */
export type DataType = 'float32' | 'float16' | 'float64' | 'int64' | 'int32' | 'uint32' | 'uint8' | 'bool' | 'string';

export type TensorData =
  | Float32Array
  | Uint16Array
  | Float64Array
  | BigInt64Array
  | Int32Array
  | Uint32Array
  | Uint8Array;

interface DataTypeRow {
  /** TensorProto.DataType of onnx.proto. */
  readonly onnxCode: number;
  readonly sizeBytes: number;
  readonly fromBytes: (bytes: Uint8Array) => TensorData;
}

/** A fresh copy, because protobuf payloads are rarely aligned. */
const aligned = (bytes: Uint8Array): ArrayBuffer => {
  const copy = new ArrayBuffer(bytes.byteLength);
  new Uint8Array(copy).set(bytes);
  return copy;
};

export const dataTypes: Readonly<Record<DataType, DataTypeRow>> = {
  float32: { onnxCode: 1, sizeBytes: 4, fromBytes: (bytes) => new Float32Array(aligned(bytes)) },
  uint8: { onnxCode: 2, sizeBytes: 1, fromBytes: (bytes) => new Uint8Array(aligned(bytes)) },
  int32: { onnxCode: 6, sizeBytes: 4, fromBytes: (bytes) => new Int32Array(aligned(bytes)) },
  int64: { onnxCode: 7, sizeBytes: 8, fromBytes: (bytes) => new BigInt64Array(aligned(bytes)) },
  bool: { onnxCode: 9, sizeBytes: 1, fromBytes: (bytes) => new Uint8Array(aligned(bytes)) },
  /** Text, at the inputs of shipped graphs only: there are no constants and no derivatives of it. */
  string: {
    onnxCode: 8,
    sizeBytes: 32,
    fromBytes: () => {
      throw new GraphError('malformed-onnx', 'Constants of text are not supported.');
    },
  },
  /** As bit patterns; only inside of training steps with mixed precision. */
  float16: { onnxCode: 10, sizeBytes: 2, fromBytes: (bytes) => new Uint16Array(aligned(bytes)) },
  float64: { onnxCode: 11, sizeBytes: 8, fromBytes: (bytes) => new Float64Array(aligned(bytes)) },
  uint32: { onnxCode: 12, sizeBytes: 4, fromBytes: (bytes) => new Uint32Array(aligned(bytes)) },
};

/** @throws GraphError `malformed-onnx` for element types this compiler does not know. */
export function dataTypeOfCode(onnxCode: number): DataType {
  for (const [name, row] of Object.entries(dataTypes)) if (row.onnxCode === onnxCode) return name as DataType;
  throw new GraphError('malformed-onnx', `ONNX element type ${onnxCode} is not supported.`);
}
