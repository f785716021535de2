/**
 * Sortable identifiers: 48 bits of time and 80 bits of randomness in Crockford base 32, as in the ULID specification
 * (https://github.com/ulid/spec). Digests, not ids, address what is immutable.
 */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** A new id, e.g. `run_01hx3v…`: prefix, underscore, 26 characters. Ids made later by the same clock sort later. */
export function newId(prefix: string, nowMs: number = Date.now()): string {
  let time = '';
  let rest = nowMs;
  for (let i = 0; i < 10; i++) {
    time = ALPHABET[rest % 32] + time;
    rest = Math.floor(rest / 32);
  }
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let random = '';
  for (const byte of bytes) random += ALPHABET[byte & 31];
  return `${prefix}_${time}${random}`;
}
