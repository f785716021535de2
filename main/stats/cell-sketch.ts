/**
 * What pictures are compared by: their grey cells without mean and length, as unit vectors, and where these lie on a few
 * orthonormal axes. A correlation of ρ is a distance of √(2 − 2ρ) between unit vectors, so two pictures that look the same lie
 * no further apart than that on any of the axes.
 */
import { allocateHashes, cellCount, type PerceptualHashes } from './perceptual-hash.ts';
import { principalAxes } from './principal-axes.ts';

/** Coordinates per picture. */
export const AXES = 8;
/** Pictures that vary less than this (standard deviation of the cells, in 256ths of a level) are flat. */
const FLAT_DEVIATION = 256;
/** Pictures that the axes are fitted to. */
const SAMPLE = 1000;

/** One entry per picture, in shared memory: two threads may fill and read it. */
export interface Sketches extends PerceptualHashes {
  /** Mean of the cells. */
  readonly means: Float64Array;
  /** 1 / length of the cells without their mean; 0 for flat pictures. */
  readonly scales: Float64Array;
  /** `AXES` coordinates each, row-major, within −1 and 1. */
  readonly points: Float32Array;
}

export function allocateSketches(count: number): Sketches {
  return {
    ...allocateHashes(count),
    means: new Float64Array(new SharedArrayBuffer(8 * count)),
    scales: new Float64Array(new SharedArrayBuffer(8 * count)),
    points: new Float32Array(new SharedArrayBuffer(4 * AXES * count)),
  };
}

/** A view of the pictures from `from` to `to`. */
export function sketchesOf(all: Sketches, from: number, to: number): Sketches {
  return {
    words: all.words.subarray(2 * from, 2 * to),
    cells: all.cells.subarray(cellCount * from, cellCount * to),
    brightness: all.brightness.subarray(from, to),
    means: all.means.subarray(from, to),
    scales: all.scales.subarray(from, to),
    points: all.points.subarray(AXES * from, AXES * to),
  };
}

/**
 * Fills means, scales and points from the cells. The axes are those on which the first pictures that it sees differ most:
 * how well they fit decides how well they separate, not what is found.
 */
export class Sketcher {
  #axes: readonly Float64Array[] | undefined;

  sketch(sketches: Sketches): void {
    const { cells, means, scales } = sketches;
    const count = means.length;
    for (let item = 0; item < count; item++) {
      const at = item * cellCount;
      let sum = 0;
      let squares = 0;
      for (let i = at; i < at + cellCount; i++) {
        sum += cells[i];
        squares += cells[i] * cells[i];
      }
      const mean = sum / cellCount;
      const variance = Math.max(0, squares - sum * mean);
      means[item] = mean;
      scales[item] = variance < FLAT_DEVIATION ** 2 * cellCount ? 0 : 1 / Math.sqrt(variance);
    }
    if (count === 0) return;
    this.#axes ??= fitAxes(sketches);
    for (let first = 0; first < AXES; first += 4) project(sketches, this.#axes, first);
  }
}

/** A cell of a picture as a coordinate of its unit vector, in float32. */
export const unitValue = (cell: number, mean: number, scale: number): number => Math.fround((cell - mean) * scale);

function fitAxes({ cells, means, scales }: Sketches): readonly Float64Array[] {
  const step = Math.max(1, Math.floor(means.length / SAMPLE));
  const sampled = Math.ceil(means.length / step);
  const unit = new Float32Array(sampled * cellCount);
  for (let place = 0, item = 0; place < sampled; place++, item += step)
    for (let i = 0; i < cellCount; i++)
      unit[place * cellCount + i] = unitValue(cells[item * cellCount + i], means[item], scales[item]);
  return principalAxes(unit, cellCount, AXES);
}

/** Four coordinates from `first`: as many as stay in registers. */
function project({ cells, means, scales, points }: Sketches, axes: readonly Float64Array[], first: number): void {
  const [axis0, axis1, axis2, axis3] = axes.slice(first, first + 4);
  const [total0, total1, total2, total3] = [axis0, axis1, axis2, axis3].map((axis) =>
    axis.reduce((sum, value) => sum + value, 0),
  );
  for (let item = 0; item < means.length; item++) {
    const from = item * cellCount;
    let x0 = 0;
    let x1 = 0;
    let x2 = 0;
    let x3 = 0;
    for (let cell = 0; cell < cellCount; cell++) {
      const value = cells[from + cell];
      x0 += axis0[cell] * value;
      x1 += axis1[cell] * value;
      x2 += axis2[cell] * value;
      x3 += axis3[cell] * value;
    }
    const [mean, scale] = [means[item], scales[item]];
    const to = item * AXES + first;
    points[to] = (x0 - mean * total0) * scale;
    points[to + 1] = (x1 - mean * total1) * scale;
    points[to + 2] = (x2 - mean * total2) * scale;
    points[to + 3] = (x3 - mean * total3) * scale;
  }
}
