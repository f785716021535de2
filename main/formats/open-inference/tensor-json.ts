import {
  type Datatype,
  elementCount,
  type NumericDatatype,
  numericRow,
  type Tensor,
  type TensorData,
} from './datatype.ts';
import { ProtocolError } from './protocol-error.ts';

/**
 * Reads the `data` of a JSON tensor, flat or nested in row-major order. `null` is NaN in floats, because JSON has no
 * word for a missing number.
 *
 * @throws ProtocolError naming the first wrong element
 */
export function readJsonData(name: string, datatype: Datatype, shape: readonly number[], data: unknown): TensorData {
  if (!Array.isArray(data)) throw new ProtocolError(`Input "${name}" has no data array.`);
  const flat = data.some(Array.isArray) ? flatten(name, shape, data) : data;
  const count = elementCount(shape);
  if (flat.length !== count) {
    throw new ProtocolError(
      `Input "${name}" has ${flat.length} elements; its shape [${shape.join(', ')}] asks for ${count}.`,
    );
  }
  if (datatype === 'BYTES') {
    const wrong = flat.findIndex((value) => typeof value !== 'string');
    if (wrong >= 0)
      throw new ProtocolError(`Input "${name}", element ${wrong}: ${JSON.stringify(flat[wrong])} is not text.`);
    return flat as string[];
  }
  return readNumbers(name, datatype, flat);
}

/** The flat JSON form of a tensor's data; what is not a finite number becomes null. */
export function writeJsonData(tensor: Tensor): unknown[] {
  if (tensor.datatype === 'BOOL') return Array.from(tensor.data as Uint8Array, (value) => value !== 0);
  // 64-bit integers beyond 2^53 lose digits in JSON whatever a server does: that is what the binary form is for.
  return Array.from(tensor.data as Iterable<number | bigint | string>, (value) =>
    typeof value === 'bigint' ? Number(value) : typeof value === 'number' && !Number.isFinite(value) ? null : value,
  );
}

function readNumbers(name: string, datatype: NumericDatatype, flat: readonly unknown[]): TensorData {
  const row = numericRow(datatype);
  const values = row.make(flat.length);
  const wide = values instanceof BigInt64Array || values instanceof BigUint64Array;
  const low = row.range === undefined ? 0 : Number(row.range[0]);
  const high = row.range === undefined ? 0 : Number(row.range[1]);
  for (let i = 0; i < flat.length; i++) {
    const value = flat[i];
    if (datatype === 'BOOL') {
      if (typeof value !== 'boolean' && value !== 0 && value !== 1) throw wrongValue(name, i, value, 'true or false');
      values[i] = Number(value);
    } else if (row.range === undefined) {
      if (value !== null && typeof value !== 'number') throw wrongValue(name, i, value, 'a number');
      values[i] = value === null ? Number.NaN : value;
    } else {
      if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high)
        throw wrongValue(name, i, value, `an integer from ${row.range[0]} to ${row.range[1]}`);
      if (wide) values[i] = BigInt(value);
      else values[i] = value;
    }
  }
  return values;
}

function flatten(name: string, shape: readonly number[], data: readonly unknown[]): unknown[] {
  const flat: unknown[] = [];
  const walk = (part: unknown, depth: number): void => {
    if (depth === shape.length) {
      flat.push(part);
      return;
    }
    if (!Array.isArray(part) || part.length !== shape[depth]) {
      const found = Array.isArray(part) ? `${part.length} entries` : JSON.stringify(part)?.slice(0, 40);
      throw new ProtocolError(
        `Input "${name}" is nested wrongly: level ${depth} should have ${shape[depth]} entries as in its shape [${shape.join(', ')}], and has ${found}.`,
      );
    }
    for (const entry of part) walk(entry, depth + 1);
  };
  walk(data, 0);
  return flat;
}

function wrongValue(name: string, index: number, value: unknown, wanted: string): ProtocolError {
  return new ProtocolError(
    `Input "${name}", element ${index}: ${JSON.stringify(value)?.slice(0, 40)} is not ${wanted}.`,
  );
}
