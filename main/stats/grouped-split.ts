/**
 * Deals rows to parts so that rows with the same key lie in the same one: where a key goes follows from its hash and the
 * seed, whatever other keys there are. Parts have their shares of the keys, about.
 *
 * @param keys null stands for a row of its own
 * @param fractions share of each part; must add up to 1
 * @returns the part of every row
 */
export function groupedSplit(keys: readonly (string | null)[], fractions: readonly number[], seed: number): Uint8Array {
  const ends: number[] = [];
  for (const fraction of fractions) ends.push((ends.at(-1) ?? 0) + fraction);
  if (fractions.some((fraction) => fraction < 0) || Math.abs((ends.at(-1) ?? 0) - 1) > 1e-9)
    throw new RangeError(`The fractions ${fractions.join(', ')} must not be negative and add up to 1.`);
  return Uint8Array.from(keys, (key, row) => {
    const place = hash(key === null ? `row ${row}` : `key ${key}`, seed) / 2 ** 32;
    const part = ends.findIndex((end) => place < end);
    // Sums of fractions may end a little before 1.
    return part === -1 ? fractions.findLastIndex((fraction) => fraction > 0) : part;
  });
}

/** MurmurHash3, 32 bits, over code units (Appleby 2011; https://github.com/aappleby/smhasher). */
function hash(text: string, seed: number): number {
  let state = seed >>> 0;
  for (let at = 0; at < text.length; at++) {
    const mixed = Math.imul(rotateLeft(Math.imul(text.charCodeAt(at), 0xcc9e2d51), 15), 0x1b873593);
    state = (Math.imul(rotateLeft(state ^ mixed, 13), 5) + 0xe6546b64) | 0;
  }
  state ^= text.length;
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
