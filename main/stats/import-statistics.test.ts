import { describe, expect, it } from 'vitest';
import { seededRandom } from '../base/random.ts';
import { classBalance } from './class-balance.ts';
import { CELL_CORRELATION } from './correlation-grid.ts';
import { exactDuplicates } from './exact-duplicates.ts';
import { leakageBetweenSplits } from './leakage.ts';
import { nearDuplicates } from './near-duplicates.ts';
import { allocateHashes, hammingDistance, type ImageShape, perceptualHasher } from './perceptual-hash.ts';
import { robustOutliers } from './robust-outliers.ts';
import { stratifiedSplit } from './stratified-split.ts';

function hashOf(pictures: readonly (ImageShape & { data: Uint8Array })[]) {
  const out = allocateHashes(pictures.length);
  for (const [i, picture] of pictures.entries()) perceptualHasher(picture)(picture.data, 0, out, i);
  return out;
}

/** A smooth random picture: a few cosines, so that resizing keeps it. */
function scene(seed: number, width: number, height: number, gain = 1, shift = 0): ImageShape & { data: Uint8Array } {
  const random = seededRandom(seed);
  const waves = Array.from({ length: 6 }, () => [
    random.uniform() * 3,
    random.uniform() * 3,
    random.uniform() * 6,
    random.uniform(),
  ]);
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const value = waves.reduce(
        (sum, [fx, fy, phase, size]) =>
          sum +
          size * Math.cos((2 * Math.PI * (fx * (x + 0.5))) / width + (2 * Math.PI * (fy * (y + 0.5))) / height + phase),
        0,
      );
      data[y * width + x] = Math.max(0, Math.min(255, 128 + shift + gain * 25 * value));
    }
  return { width, height, channels: 1, data };
}

describe('perceptual hash', () => {
  it('sees a gradient as ones one way and zeros the other', () => {
    const data = Uint8Array.from({ length: 28 * 28 }, (_, i) => (i % 28) * 9);
    const rising = { width: 28, height: 28, channels: 1, data };
    const falling = { ...rising, data: data.map((value) => 252 - value) };
    expect([...hashOf([rising, falling]).words]).toEqual([0xffffffff, 0xffffffff, 0, 0]);
  });

  it('takes exact area means of sizes that do not divide', () => {
    const data = Uint8Array.from({ length: 5 * 3 }, (_, i) => i * 10);
    const { cells, brightness } = hashOf([{ width: 5, height: 3, channels: 1, data }]);
    expect(brightness[0]).toBeCloseTo(70, 4);
    // The first cell lies within the first pixel, the second takes 4/5 of it and 1/5 of the next.
    expect([cells[0], cells[1]]).toEqual([0, 10 * (1 / 5) * 256]);
  });

  it('gives the same for four pixels at a time as for one', () => {
    for (const [width, height] of [
      [28, 28],
      [8, 257],
      [64, 5],
    ]) {
      const random = seededRandom(width);
      const bytes = Uint8Array.from({ length: width * height + 8 }, () =>
        random.uniform() < 0.3 ? 255 : random.below(256),
      );
      const hash = perceptualHasher({ width, height, channels: 1 });
      const out = allocateHashes(4);
      for (let shift = 0; shift < 4; shift++) {
        // Moved within the buffer, the same pixels are aligned once and not aligned three times.
        const moved = new Uint8Array(bytes.length + shift);
        moved.set(bytes, shift);
        hash(moved, shift, out, shift);
      }
      for (let shift = 1; shift < 4; shift++) {
        expect(out.cells.subarray(72 * shift, 72 * shift + 72)).toEqual(out.cells.subarray(0, 72));
        expect(hammingDistance(out.words, 0, shift)).toBe(0);
      }
    }
  });

  it('weighs colours by luma and does not look at alpha', () => {
    const rgb = hashOf([{ width: 1, height: 1, channels: 3, data: Uint8Array.of(255, 0, 0) }]);
    expect(rgb.brightness[0]).toBeCloseTo((255 * 77) / 256, 4);
    expect(hashOf([{ width: 1, height: 1, channels: 4, data: Uint8Array.of(255, 0, 0, 9) }]).cells).toEqual(rgb.cells);
  });
});

describe('duplicates', () => {
  it('groups resized, brighter and stronger copies and keeps other scenes apart', () => {
    const pictures = [
      scene(1, 60, 40),
      scene(2, 60, 40),
      scene(1, 120, 80),
      scene(1, 60, 40, 1.2),
      scene(2, 60, 40, 1, 15),
      scene(3, 60, 40),
    ];
    expect(nearDuplicates(hashOf(pictures), 4)).toEqual([
      [0, 2, 3],
      [1, 4],
    ]);
  });

  it.each([0, 2, 6])('finds exactly the pairs that a comparison of all with all finds, within %i', (distance) => {
    const pictures = Array.from({ length: 400 }, (_, i) => {
      const { data, ...shape } = scene(i >> 2, 24, 24);
      const random = seededRandom(i);
      return {
        ...shape,
        data: data.map((value) => Math.max(0, Math.min(255, value + random.below(1 + (i % 4) * 6) - (i % 4) * 3))),
      };
    });
    const hashes = hashOf(pictures);
    const correlation = (a: number, b: number) => {
      const [x, y] = [a, b].map((item) => Array.from(hashes.cells.subarray(72 * item, 72 * item + 72)));
      const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / 72;
      const product = (p: number[], q: number[]) =>
        p.reduce((sum, value, i) => sum + (value - mean(p)) * (q[i] - mean(q)), 0);
      return product(x, y) / Math.sqrt(product(x, x) * product(y, y));
    };
    const group = new Map(pictures.map((_, i) => [i, i]));
    let pairs = 0;
    for (let a = 0; a < 400; a++)
      for (let b = a + 1; b < 400; b++) {
        if (hammingDistance(hashes.words, a, b) > distance || correlation(a, b) < CELL_CORRELATION) continue;
        pairs++;
        const [from, to] = [group.get(b)!, group.get(a)!];
        for (const [item, own] of group) if (own === from) group.set(item, to);
      }
    const expected = Map.groupBy(group.keys(), (item) => group.get(item)!);
    expect(pairs).toBeGreaterThan(40);
    expect(nearDuplicates(hashes, distance)).toEqual([...expected.values()].filter((members) => members.length > 1));
  });

  it('compares flat pictures by brightness', () => {
    const flat = (level: number) => ({ width: 8, height: 8, channels: 1, data: new Uint8Array(64).fill(level) });
    expect(nearDuplicates(hashOf([flat(10), flat(200), flat(11)]), 4)).toEqual([[0, 2]]);
  });

  it('groups equal digests and counts what leaks between splits', () => {
    const groups = exactDuplicates(Uint8Array.of(1, 1, 2, 2, 1, 1, 3, 3, 2, 2, 1, 1), 2);
    expect(groups).toEqual([
      [0, 2, 5],
      [1, 4],
    ]);
    expect(leakageBetweenSplits(groups, Uint8Array.of(0, 0, 2, 0, 0, 2), 3)).toEqual([
      {
        a: 0,
        b: 2,
        count: 2,
        examples: [
          [0, 2],
          [0, 5],
        ],
      },
    ]);
  });
});

describe('balance and outliers', () => {
  it('measures imbalance', () => {
    expect(classBalance([10, 10, 10])).toMatchObject({ ratio: 1, entropy: 1 });
    expect(classBalance([90, 10])).toMatchObject({ largest: 0, smallest: 1, ratio: 9 });
    expect(classBalance([90, 10])?.entropy).toBeCloseTo(0.4689955935892812, 12);
    expect(classBalance([5, 0])?.ratio).toBeNull();
    expect(classBalance([5])).toBeUndefined();
  });

  it('finds outliers also when most values are equal', () => {
    expect(robustOutliers([10, 11, 9, 10, 12, 8, 90])).toEqual([6]);
    expect(robustOutliers([28, 28, 28, 28, 28, 28, 28, 400])).toEqual([7]);
    expect(robustOutliers([5, 5, 5])).toEqual([]);
    expect(robustOutliers([1, 2, 3, Number.NaN])).toEqual([3]);
  });

  it('takes the median of any order, as sorting does', () => {
    const random = seededRandom(7);
    for (const count of [2, 3, 50, 1001, 4000]) {
      // Few different values, so that many are equal.
      const values = Float64Array.from({ length: count }, () => Math.round(random.normal() * 8));
      const sorted = (list: readonly number[]): number => {
        const inOrder = list.toSorted((a, b) => a - b);
        return (inOrder[(count - 1) >> 1] + inOrder[count >> 1]) / 2;
      };
      const center = sorted([...values]);
      const apart = [...values].map((value) => Math.abs(value - center));
      const spread = sorted(apart);
      const scale =
        spread > 0 ? spread / 0.674489750196082 : (apart.reduce((sum, value) => sum + value, 0) / count) * 1.253314;
      const expected = apart.flatMap((distance, i) => (distance / scale > 2 ? [i] : []));
      expect(robustOutliers(values, 2)).toEqual(expected);
    }
  });
});

describe('stratified split', () => {
  const labels = Array.from({ length: 1003 }, (_, i) => (i % 10 === 0 ? 1 : i % 97 === 0 ? 2 : 0));

  it('keeps the share of every class and repeats for a seed', () => {
    const parts = stratifiedSplit(labels, [0.8, 0.1, 0.1], 3);
    for (const label of [0, 1, 2]) {
      const own = labels.flatMap((value, i) => (value === label ? [parts[i]] : []));
      for (const [part, share] of [0.8, 0.1, 0.1].entries())
        expect(Math.abs(own.filter((value) => value === part).length - share * own.length)).toBeLessThanOrEqual(1);
    }
    expect(stratifiedSplit(labels, [0.8, 0.1, 0.1], 3)).toEqual(parts);
    expect(stratifiedSplit(labels, [0.8, 0.1, 0.1], 4)).not.toEqual(parts);
  });

  it('gives rounding back so that many small classes still fill every part', () => {
    const parts = stratifiedSplit(
      Array.from({ length: 60 }, (_, i) => i >> 1),
      [0.5, 0.5],
      1,
    );
    expect(parts.filter((part) => part === 0).length).toBe(30);
    const thirds = stratifiedSplit(
      Array.from({ length: 300 }, (_, i) => Math.floor(i / 3)),
      [0.8, 0.2],
      1,
    );
    expect(thirds.filter((part) => part === 1).length).toBe(60);
  });

  it('refuses fractions that do not add up', () => {
    expect(() => stratifiedSplit([0], [0.5, 0.4], 0)).toThrow(RangeError);
  });
});
