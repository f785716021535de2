/**
 * Difference hash (dHash): the picture as 9 × 8 grey cells, one bit per pair of horizontal neighbours (N. Krawetz, "Kind
 * of Like That", 2013). Cells are exact area means in integer arithmetic, so that the same pixels give the same bits on
 * every platform.
 */
const COLUMNS = 9;
const ROWS = 8;
/** ITU-R BT.601 luma in 256ths. */
const LUMA = [77, 150, 29] as const;

/** Grey cells of one picture, row-major. */
export const cellCount = COLUMNS * ROWS;

export interface ImageShape {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 3 RGB, 4 RGB and alpha (not looked at). */
  readonly channels: number;
}

/** What a hasher writes, one entry per picture. */
export interface PerceptualHashes {
  /** 64 bits as two words per picture, the upper rows first. */
  readonly words: Uint32Array;
  /** 72 cell means per picture, row-major, in 256ths of a grey level. */
  readonly cells: Uint16Array;
  /** Mean grey level per picture, 0 to 255. */
  readonly brightness: Float32Array;
}

/** In shared memory, so that one thread can fill it for another. */
export function allocateHashes(count: number): PerceptualHashes {
  const memory = (sizeBytes: number) => new SharedArrayBuffer(sizeBytes);
  return {
    words: new Uint32Array(memory(4 * 2 * count)),
    cells: new Uint16Array(memory(2 * cellCount * count)),
    brightness: new Float32Array(memory(4 * count)),
  };
}

/** A function that hashes the picture of `shape` that begins at `offset` of `pixels` (uint8, HWC) into entry `index` of `out`. */
export function perceptualHasher({
  width,
  height,
  channels,
}: ImageShape): (pixels: Uint8Array, offset: number, out: PerceptualHashes, index: number) => void {
  const horizontal = overlaps(width, COLUMNS);
  const vertical = overlaps(height, ROWS);
  const area = width * height * (channels === 1 ? 1 : 256);
  // Integers are faster; float64 holds the sums of any picture exactly (below 2^53).
  const small = 255 * area < 2 ** 31;
  const line = small ? new Int32Array(width + 1) : new Float64Array(width + 1);
  const sums = small ? new Int32Array(cellCount) : new Float64Array(cellCount);
  const edge = edges(width);
  const addColumns = (row: number): number =>
    line instanceof Int32Array && sums instanceof Int32Array
      ? addColumnsExactly32(sums, row, line, edge)
      : addColumnsExactly(sums, row, line, horizontal);
  const packed =
    channels === 1 && width % 4 === 0 && height >= 2 * ROWS && 255 * height < 2 ** 16
      ? packedLines(line, width, vertical)
      : undefined;
  const addLines = channels === 1 ? addGreyLines : addColourLines;

  return (pixels, offset, out, index) => {
    let total = 0;
    for (let row = 0; row < ROWS; row++) {
      if (packed === undefined || (pixels.byteOffset + offset) % 4 !== 0) {
        line.fill(0);
        addLines(line, width, pixels, offset, vertical, row, channels);
      } else packed(pixels, offset, row);
      total += addColumns(row);
    }
    const { cells } = out;
    const cellsAt = index * cellCount;
    for (let cell = 0; cell < cellCount; cell++) cells[cellsAt + cell] = Math.floor((sums[cell] * 256) / area);
    out.brightness[index] = total / (area * cellCount);
    out.words[2 * index] = rowBits(sums, 0);
    out.words[2 * index + 1] = rowBits(sums, ROWS / 2);
  };
}

/** Number of differing bits of two 64-bit hashes given as words. */
export function hammingDistance(words: Uint32Array, a: number, b: number): number {
  return popCount(words[2 * a] ^ words[2 * b]) + popCount(words[2 * a + 1] ^ words[2 * b + 1]);
}

/** Set bits of a 32-bit integer. */
function popCount(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** The cells of a row from its line; returns their sum. */
function addColumnsExactly(
  sums: Int32Array | Float64Array,
  row: number,
  line: Int32Array | Float64Array,
  { starts, positions, weights }: Overlaps,
): number {
  let total = 0;
  for (let column = 0; column < COLUMNS; column++) {
    let sum = 0;
    for (let e = starts[column]; e < starts[column + 1]; e++) sum += weights[e] * line[positions[e]];
    sums[row * COLUMNS + column] = sum;
    total += sum;
  }
  return total;
}

/** The edge at the end of each cell of a row: whole positions before it, and the ninths of the next one. */
interface Edges {
  readonly positions: Int32Array;
  readonly ninths: Int32Array;
}

const edges = (width: number): Edges => ({
  positions: Int32Array.from({ length: COLUMNS }, (_, column) => Math.floor(((column + 1) * width) / COLUMNS)),
  ninths: Int32Array.from({ length: COLUMNS }, (_, column) => ((column + 1) * width) % COLUMNS),
});

/** The same by running sums up to the edges, where all sums fit into 32 bits. `line` has one entry more than pixels. */
function addColumnsExactly32(sums: Int32Array, row: number, line: Int32Array, { positions, ninths }: Edges): number {
  const first = row * COLUMNS;
  let running = 0;
  let before = 0;
  let x = 0;
  for (let column = 0; column < COLUMNS; column++) {
    const end = positions[column];
    for (; x < end; x++) running = (running + line[x]) | 0;
    const edge = (Math.imul(running, COLUMNS) + Math.imul(ninths[column], line[end])) | 0;
    sums[first + column] = edge - before;
    before = edge;
  }
  return before;
}

/** Adds the weighted lines of the picture that fall into a row of cells. */
function addGreyLines(
  line: Int32Array | Float64Array,
  width: number,
  pixels: Uint8Array,
  offset: number,
  { starts, positions, weights }: Overlaps,
  row: number,
): void {
  for (let e = starts[row]; e < starts[row + 1]; e++) {
    const weight = weights[e];
    const lineStart = offset + positions[e] * width;
    for (let x = 0; x < width; x++) line[x] += weight * pixels[lineStart + x];
  }
}

/**
 * Does what `addGreyLines` does into an empty line, four pixels at a time: the even and the odd ones as two 16-bit lanes of an
 * integer each. The lanes cannot overflow while 255 × height is below 2^16. Needs at least two lines to a row of cells, the
 * picture at a multiple of 4 bytes and, like every machine that Node runs on, little endian.
 */
function packedLines(
  line: Int32Array | Float64Array,
  width: number,
  { starts, positions, weights }: Overlaps,
): (pixels: Uint8Array, offset: number, row: number) => void {
  const quads = width >> 2;
  let viewed: Uint8Array | undefined;
  let words: Uint32Array = new Uint32Array();
  return (pixels, offset, row) => {
    if (viewed !== pixels) {
      const before = pixels.byteOffset % 4;
      words = new Uint32Array(pixels.buffer, pixels.byteOffset - before, (pixels.byteLength + before) >> 2);
      viewed = pixels;
    }
    const first = (offset + (pixels.byteOffset % 4)) >> 2;
    const from = starts[row];
    const last = starts[row + 1] - 1;
    const top = first + Math.imul(positions[from], quads);
    const [topWeight, bottomWeight] = [weights[from], weights[last]];
    for (let i = 0; i < quads; i++) {
      let at = top + i;
      let four = words[at];
      let even = Math.imul(four & 0xff00ff, topWeight);
      let odd = Math.imul((four >>> 8) & 0xff00ff, topWeight);
      // Lines between the first and the last lie wholly within the row of cells.
      for (let e = from + 1; e < last; e++) {
        at += quads;
        four = words[at];
        even = (even + Math.imul(four & 0xff00ff, ROWS)) | 0;
        odd = (odd + Math.imul((four >>> 8) & 0xff00ff, ROWS)) | 0;
      }
      four = words[at + quads];
      even = (even + Math.imul(four & 0xff00ff, bottomWeight)) | 0;
      odd = (odd + Math.imul((four >>> 8) & 0xff00ff, bottomWeight)) | 0;
      line[4 * i] = even & 0xffff;
      line[4 * i + 1] = odd & 0xffff;
      line[4 * i + 2] = even >>> 16;
      line[4 * i + 3] = odd >>> 16;
    }
  };
}

function addColourLines(
  line: Int32Array | Float64Array,
  width: number,
  pixels: Uint8Array,
  offset: number,
  { starts, positions, weights }: Overlaps,
  row: number,
  channels: number,
): void {
  for (let e = starts[row]; e < starts[row + 1]; e++) {
    const weight = weights[e];
    for (let x = 0, at = offset + positions[e] * width * channels; x < width; x++, at += channels)
      line[x] += weight * (LUMA[0] * pixels[at] + LUMA[1] * pixels[at + 1] + LUMA[2] * pixels[at + 2]);
  }
}

interface Overlaps {
  /** Entries of bin b: starts[b] to starts[b + 1]. */
  readonly starts: Int32Array;
  readonly positions: Int32Array;
  /** Overlap of the position with the bin, in units of 1/bins of a position; each bin's weights add up to `size`. */
  readonly weights: Int32Array;
}

/** How `size` positions share themselves out over `bins` equal bins. */
function overlaps(size: number, bins: number): Overlaps {
  const starts = new Int32Array(bins + 1);
  const positions: number[] = [];
  const weights: number[] = [];
  for (let bin = 0; bin < bins; bin++) {
    starts[bin] = positions.length;
    for (let position = Math.floor((bin * size) / bins); position * bins < (bin + 1) * size; position++) {
      const weight = Math.min((position + 1) * bins, (bin + 1) * size) - Math.max(position * bins, bin * size);
      if (weight > 0) {
        positions.push(position);
        weights.push(weight);
      }
    }
  }
  starts[bins] = positions.length;
  return { starts, positions: Int32Array.from(positions), weights: Int32Array.from(weights) };
}

/** Bits of four rows, the first bit highest: a cell darker than its right neighbour gives 1. */
function rowBits(sums: Int32Array | Float64Array, firstRow: number): number {
  let word = 0;
  for (let row = firstRow; row < firstRow + ROWS / 2; row++) {
    const at = row * COLUMNS;
    for (let column = 0; column < COLUMNS - 1; column++)
      word = (word << 1) | Number(sums[at + column] < sums[at + column + 1]);
  }
  return word >>> 0;
}
