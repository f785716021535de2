/** Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011). */
const ROUNDS = 10;
const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const TWO_TO_32 = 2 ** 32;

/** Four words of randomness as a pure function of a counter and a key. */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): readonly [number, number, number, number] {
  let [c0, c1, c2, c3] = counter.map((word) => word >>> 0) as [number, number, number, number];
  let [k0, k1] = [key[0] >>> 0, key[1] >>> 0];
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** Uniform float32 numbers in [low, high), from a seed and a stream number. */
export function uniform(count: number, low: number, high: number, seed: number, stream: number): Float32Array {
  const values = new Float32Array(count);
  for (let block = 0; block * 4 < count; block++) {
    const words = philox([block, 0, 0, 0], [seed, stream]);
    for (let lane = 0; lane < 4 && block * 4 + lane < count; lane++) {
      values[block * 4 + lane] = low + ((words[lane] ?? 0) / TWO_TO_32) * (high - low);
    }
  }
  return values;
}

/** Normal float32 numbers by the Box-Muller transform. */
export function normal(count: number, deviation: number, seed: number, stream: number): Float32Array {
  const values = new Float32Array(count);
  for (let block = 0; block * 4 < count; block++) {
    const words = philox([block, 0, 0, 0], [seed, stream]);
    for (let half = 0; half < 2; half++) {
      const radius = deviation * Math.sqrt(-2 * Math.log(((words[half * 2] ?? 0) + 1) / TWO_TO_32));
      const angle = (2 * Math.PI * (words[half * 2 + 1] ?? 0)) / TWO_TO_32;
      const index = block * 4 + half * 2;
      if (index < count) values[index] = radius * Math.cos(angle);
      if (index + 1 < count) values[index + 1] = radius * Math.sin(angle);
    }
  }
  return values;
}

function multiplyHigh(a: number, b: number): number {
  const [aHigh, aLow, bHigh, bLow] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const middleLow = (middle % 0x10000) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(middleLow / 0x10000)) >>> 0;
}
