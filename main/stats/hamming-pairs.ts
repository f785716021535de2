/**
 * All pairs of 64-bit hashes within a Hamming distance, exactly. Multi-index hashing (M. Norouzi, A. Punjani, D. J. Fleet,
 * "Fast Exact Search in Hamming Space with Multi-Index Hashing", 2014): when m bands hold all bits, two hashes within
 * distance d agree in some band up to floor(d / m) bits. Bits are dealt to the bands by their information, since hashes of
 * real pictures (black borders) have many bits that hardly vary.
 */
import { popCount } from './perceptual-hash.ts';

/** Below, comparing everything is faster than building tables. */
const DIRECT_BELOW = 600;
/** Tables have one entry per key: of wider bands only the bits that vary most make the key. */
const MAXIMUM_KEY_BITS = 22;
/** Above, bands would be so narrow that they exclude nothing. */
const DIRECT_ABOVE_DISTANCE = 11;

/** Calls `visit(a, b)` with a < b exactly once for every pair of entries of `words` (two per hash) that differ in at most `distance` bits. */
export function hammingPairs(words: Uint32Array, distance: number, visit: (a: number, b: number) => void): void {
  const count = words.length >> 1;
  if (count < DIRECT_BELOW || distance > DIRECT_ABOVE_DISTANCE) {
    compareAll(words, distance, visit);
    return;
  }
  // Bands that differ in at most one bit are probed: wide bands with 1 + width probes each beat narrow ones with one probe.
  const bandCount = distance <= 2 ? distance + 1 : Math.ceil((distance + 1) / 2);
  const radius = distance <= 2 ? 0 : 1;
  const bands = dealBits(words, bandCount);
  for (let band = 0; band < bands.length; band++) searchBand(words, bands, band, radius, distance, visit);
}

/** A set of bits: a mask over the two words of a hash. */
interface Band {
  readonly masks: readonly [high: number, low: number];
  readonly bits: readonly number[];
}

function compareAll(words: Uint32Array, distance: number, visit: (a: number, b: number) => void): void {
  const count = words.length >> 1;
  for (let a = 0; a < count; a++) {
    const high = words[2 * a];
    const low = words[2 * a + 1];
    for (let b = a + 1; b < count; b++)
      if (popCount(high ^ words[2 * b]) + popCount(low ^ words[2 * b + 1]) <= distance) visit(a, b);
  }
}

/** Deals the 64 bits to bands so that each gets its share of those that vary most (p × (1 − p)). Bit 0 is the highest of the first word. */
function dealBits(words: Uint32Array, bandCount: number): readonly Band[] {
  const count = words.length >> 1;
  const ones = new Float64Array(64);
  for (let i = 0; i < words.length; i++)
    for (let word = words[i]; word !== 0; word &= word - 1) ones[32 * (i & 1) + Math.clz32(word & -word)]++;
  const order = Array.from({ length: 64 }, (_, bit) => bit).sort(
    (a, b) => ones[b] * (count - ones[b]) - ones[a] * (count - ones[a]) || a - b,
  );
  const bits: number[][] = Array.from({ length: bandCount }, () => []);
  for (const [rank, bit] of order.entries()) {
    const round = Math.floor(rank / bandCount);
    bits[round % 2 === 0 ? rank % bandCount : bandCount - 1 - (rank % bandCount)].push(bit);
  }
  return bits.map((all) => {
    const own = all.slice(0, MAXIMUM_KEY_BITS);
    const masks: [number, number] = [0, 0];
    for (const bit of own) masks[bit >> 5] |= 1 << (31 - (bit & 31));
    return { bits: own, masks };
  });
}

function searchBand(
  words: Uint32Array,
  bands: readonly Band[],
  band: number,
  radius: number,
  distance: number,
  visit: (a: number, b: number) => void,
): void {
  const count = words.length >> 1;
  const keyBits = bands[band].bits.length;
  const keys = bandKeys(words, bands[band]);
  // Counting sort by key: bucket k lies at starts[k] to starts[k + 1].
  const starts = new Int32Array(2 ** keyBits + 1);
  for (let i = 0; i < count; i++) starts[keys[i] + 1]++;
  for (let key = 0; key < starts.length - 1; key++) starts[key + 1] += starts[key];
  const next = starts.slice(0, -1);
  const items = new Int32Array(count);
  const high = new Int32Array(count);
  const low = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const at = next[keys[i]]++;
    items[at] = i;
    high[at] = words[2 * i];
    low[at] = words[2 * i + 1];
  }

  const report = (at: number, other: number) => {
    const differHigh = high[at] ^ high[other];
    const differLow = low[at] ^ low[other];
    for (let earlier = 0; earlier < band; earlier++) {
      const { masks } = bands[earlier];
      if (popCount(differHigh & masks[0]) + popCount(differLow & masks[1]) <= radius) return;
    }
    const a = items[at];
    const b = items[other];
    if (a < b) visit(a, b);
    else visit(b, a);
  };
  const compare = (at: number, from: number, to: number) => {
    const ownHigh = high[at];
    const ownLow = low[at];
    for (let other = from; other < to; other++) {
      let bits = ownHigh ^ high[other];
      bits -= (bits >>> 1) & 0x55555555;
      bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
      let more = ownLow ^ low[other];
      more -= (more >>> 1) & 0x55555555;
      more = (more & 0x33333333) + ((more >>> 2) & 0x33333333);
      // Nibble counts of both words are added before the last fold: each is at most 8.
      const both = bits + more;
      if (Math.imul((both & 0x0f0f0f0f) + ((both >>> 4) & 0x0f0f0f0f), 0x01010101) >>> 24 <= distance)
        report(at, other);
    }
  };

  for (let from = 0; from < count; ) {
    const key = keys[items[from]];
    const to = starts[key + 1];
    for (let at = from; at < to; at++) compare(at, at + 1, to);
    // Each pair of neighbouring buckets once: from the one whose flipped bit is 0.
    if (radius === 1)
      for (let bit = 0; bit < keyBits; bit++) {
        const neighbour = key | (1 << bit);
        if (neighbour === key || starts[neighbour] === starts[neighbour + 1]) continue;
        for (let at = from; at < to; at++) compare(at, starts[neighbour], starts[neighbour + 1]);
      }
    from = to;
  }
}

/** The bits of the band of every hash, gathered into one integer, by a table per byte of the hash. */
function bandKeys(words: Uint32Array, band: Band): Uint32Array {
  const tables = new Uint32Array(8 * 256);
  for (const [position, bit] of band.bits.entries())
    for (let value = 0; value < 256; value++)
      if (value & (1 << (7 - (bit & 7)))) tables[(bit >> 3) * 256 + value] |= 1 << position;
  const keys = new Uint32Array(words.length >> 1);
  for (let i = 0; i < keys.length; i++) {
    const high = words[2 * i];
    const low = words[2 * i + 1];
    keys[i] =
      tables[high >>> 24] |
      tables[256 + ((high >>> 16) & 255)] |
      tables[512 + ((high >>> 8) & 255)] |
      tables[768 + (high & 255)] |
      tables[1024 + (low >>> 24)] |
      tables[1280 + ((low >>> 16) & 255)] |
      tables[1536 + ((low >>> 8) & 255)] |
      tables[1792 + (low & 255)];
  }
  return keys;
}
