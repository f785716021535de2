import { ProtocolError } from './protocol-error.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** A JSON object out of the bytes of a request. @throws ProtocolError */
export function readJsonObject(bytes: Uint8Array): Fields {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch (error) {
    throw new ProtocolError(`The request is not JSON: ${(error as Error).message}.`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ProtocolError('The request is not a JSON object.');
  return value as Fields;
}

export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}
