import { type Datatype, elementCount, numericRow, type Tensor, type TensorData } from './datatype.ts';
import { ProtocolError } from './protocol-error.ts';

/**
 * Reads a tensor of the binary tensor data extension: little endian, row-major; text as a 4-byte length before each
 * element's UTF-8.
 *
 * @throws ProtocolError when the bytes do not fill the shape
 */
export function readBinaryData(
  name: string,
  datatype: Datatype,
  shape: readonly number[],
  bytes: Uint8Array,
): TensorData {
  const count = elementCount(shape);
  if (datatype === 'BYTES') return readTexts(name, count, bytes);
  const row = numericRow(datatype);
  if (bytes.byteLength !== count * row.sizeBytes) {
    throw new ProtocolError(
      `Input "${name}" has ${bytes.byteLength} bytes; ${datatype} of shape [${shape.join(', ')}] takes ${count * row.sizeBytes}.`,
    );
  }
  const values = row.make(count);
  new Uint8Array(values.buffer).set(bytes);
  return values;
}

export function writeBinaryData(tensor: Tensor): Uint8Array {
  if (tensor.datatype !== 'BYTES') {
    const values = tensor.data as Exclude<TensorData, readonly string[]>;
    return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  }
  return Buffer.concat(
    (tensor.data as readonly string[]).flatMap((text) => {
      const bytes = Buffer.from(text, 'utf8');
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.byteLength);
      return [length, bytes];
    }),
  );
}

function readTexts(name: string, count: number, bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  let offset = 0;
  while (offset + 4 <= bytes.byteLength) {
    const end = offset + 4 + view.getUint32(offset, true);
    if (end > bytes.byteLength) break;
    texts.push(Buffer.from(bytes.subarray(offset + 4, end)).toString('utf8'));
    offset = end;
  }
  if (offset !== bytes.byteLength || texts.length !== count)
    throw new ProtocolError(`Input "${name}" should be ${count} texts, each after its length in 4 bytes.`);
  return texts;
}
