/** Numbers as the protocol and ONNX Runtime hold them; text only for BYTES. */
export type TensorData =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | readonly string[];

interface DatatypeRow {
  /** The element type in ONNX Runtime. */
  readonly element: string;
  readonly sizeBytes: number;
  /** Inclusive range of integers; absent for floats and text. */
  readonly range?: readonly [bigint, bigint];
  readonly make: (length: number) => Exclude<TensorData, readonly string[]>;
}

const integer = (bits: number, signed: boolean): readonly [bigint, bigint] =>
  signed ? [-(1n << BigInt(bits - 1)), (1n << BigInt(bits - 1)) - 1n] : [0n, (1n << BigInt(bits)) - 1n];

/** Tensor data types of the Open Inference Protocol; FP16 has no JSON form and is left out. */
export const datatypes = {
  BOOL: { element: 'bool', sizeBytes: 1, make: (length) => new Uint8Array(length) },
  UINT8: { element: 'uint8', sizeBytes: 1, range: integer(8, false), make: (length) => new Uint8Array(length) },
  UINT16: { element: 'uint16', sizeBytes: 2, range: integer(16, false), make: (length) => new Uint16Array(length) },
  UINT32: { element: 'uint32', sizeBytes: 4, range: integer(32, false), make: (length) => new Uint32Array(length) },
  UINT64: { element: 'uint64', sizeBytes: 8, range: integer(64, false), make: (length) => new BigUint64Array(length) },
  INT8: { element: 'int8', sizeBytes: 1, range: integer(8, true), make: (length) => new Int8Array(length) },
  INT16: { element: 'int16', sizeBytes: 2, range: integer(16, true), make: (length) => new Int16Array(length) },
  INT32: { element: 'int32', sizeBytes: 4, range: integer(32, true), make: (length) => new Int32Array(length) },
  INT64: { element: 'int64', sizeBytes: 8, range: integer(64, true), make: (length) => new BigInt64Array(length) },
  FP32: { element: 'float32', sizeBytes: 4, make: (length) => new Float32Array(length) },
  FP64: { element: 'float64', sizeBytes: 8, make: (length) => new Float64Array(length) },
} as const satisfies Record<string, DatatypeRow>;

export type NumericDatatype = keyof typeof datatypes;
export type Datatype = NumericDatatype | 'BYTES';

export interface Tensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** What a model takes or gives; -1 stands for any size. */
export interface TensorSpecification {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  /** Whole numbers that it may hold: the smallest, and what all are below; a name = the number of rows of that input. */
  readonly values?: { readonly from: number; readonly below: number | string } | undefined;
}

export function numericRow(datatype: NumericDatatype): DatatypeRow {
  return datatypes[datatype];
}

export function isDatatype(text: string): text is Datatype {
  return text === 'BYTES' || Object.hasOwn(datatypes, text);
}

/** The protocol's name of an ONNX Runtime element type. */
export function datatypeOfElement(element: string): Datatype | undefined {
  if (element === 'string') return 'BYTES';
  for (const [name, row] of Object.entries(datatypes)) if (row.element === element) return name as Datatype;
  return undefined;
}

/** The ONNX Runtime element type of a datatype. */
export function elementOfDatatype(datatype: Datatype): string {
  return datatype === 'BYTES' ? 'string' : datatypes[datatype].element;
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
