import { GraphError } from '../graph-error.ts';

const decoder = new TextDecoder();

export type ProtobufField =
  | { readonly field: number; readonly wire: 'varint'; readonly value: bigint }
  | { readonly field: number; readonly wire: 'fixed32'; readonly value: number }
  | { readonly field: number; readonly wire: 'fixed64'; readonly value: number }
  | { readonly field: number; readonly wire: 'bytes'; readonly value: Uint8Array };

/** Yields the fields of one message in order. @throws GraphError `malformed-onnx` on truncated or impossible input. */
export function* readFields(bytes: Uint8Array): Generator<ProtobufField> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  const need = (count: number): number => {
    const start = offset;
    offset += count;
    if (offset > bytes.length) throw new GraphError('malformed-onnx', 'The protobuf message ends too early.');
    return start;
  };
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = view.getUint8(need(1));
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw new GraphError('malformed-onnx', 'A protobuf varint is longer than ten bytes.');
  };
  while (offset < bytes.length) {
    const key = Number(varint());
    const field = Math.floor(key / 8);
    switch (key % 8) {
      case 0:
        yield { field, wire: 'varint', value: varint() };
        break;
      case 1:
        yield { field, wire: 'fixed64', value: view.getFloat64(need(8), true) };
        break;
      case 2: {
        const length = Number(varint());
        const start = need(length);
        yield { field, wire: 'bytes', value: bytes.subarray(start, start + length) };
        break;
      }
      case 5:
        yield { field, wire: 'fixed32', value: view.getFloat32(need(4), true) };
        break;
      default:
        throw new GraphError('malformed-onnx', `Protobuf wire type ${key % 8} is not used by ONNX.`);
    }
  }
}

export const fieldText = (entry: ProtobufField): string => decoder.decode(fieldBytes(entry));

export function fieldBytes(entry: ProtobufField): Uint8Array {
  if (entry.wire !== 'bytes') throw new GraphError('malformed-onnx', `Field ${entry.field} should hold bytes.`);
  return entry.value;
}

/** Varints of int64 fields, as signed numbers. */
export function fieldInteger(entry: ProtobufField): number {
  if (entry.wire !== 'varint') throw new GraphError('malformed-onnx', `Field ${entry.field} should hold an integer.`);
  return Number(BigInt.asIntN(64, entry.value));
}

export function fieldFloat(entry: ProtobufField): number {
  if (entry.wire !== 'fixed32') throw new GraphError('malformed-onnx', `Field ${entry.field} should hold a float.`);
  return entry.value;
}

/** A repeated integer field comes packed (one run of bytes) or not (one entry each). */
export function repeatedIntegers(entry: ProtobufField): readonly number[] {
  if (entry.wire === 'varint') return [fieldInteger(entry)];
  const values: number[] = [];
  // A packed run is varints without tags: prefixing each with a tag would copy; decoding by hand is shorter.
  let value = 0n;
  let shift = 0n;
  for (const byte of fieldBytes(entry)) {
    value |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte >= 128) continue;
    values.push(Number(BigInt.asIntN(64, value)));
    value = 0n;
    shift = 0n;
  }
  return values;
}

export function repeatedFloats(entry: ProtobufField): readonly number[] {
  if (entry.wire === 'fixed32') return [entry.value];
  const bytes = fieldBytes(entry);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 4 }, (_, index) => view.getFloat32(index * 4, true));
}
