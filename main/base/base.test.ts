import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { Disposables } from './disposables.ts';
import { newId } from './ids.ts';
import { nearest } from './nearest.ts';
import { seededRandom } from './random.ts';

describe('base', () => {
  it('makes ids that sort by time and never collide in a burst', () => {
    expect(newId('run', 1000) < newId('run', 2000)).toBe(true);
    expect(new Set(Array.from({ length: 5000 }, () => newId('run', 1))).size).toBe(5000);
  });

  it('repeats random numbers for a seed and separates streams', () => {
    const draw = (seed: number, stream: number) => Array.from({ length: 8 }, seededRandom(seed, stream).uint32);
    expect(draw(7, 0)).toEqual(draw(7, 0));
    expect(draw(7, 0)).not.toEqual(draw(7, 1));
    expect(draw(7, 0)).not.toEqual(draw(8, 0));
    const random = seededRandom(1);
    const sample = Array.from({ length: 20_000 }, () => random.normal());
    const mean = sample.reduce((sum, x) => sum + x, 0) / sample.length;
    const variance = sample.reduce((sum, x) => sum + (x - mean) ** 2, 0) / sample.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.04);
    expect(
      seededRandom(3)
        .shuffle([...Array(100).keys()])
        .toSorted((a, b) => a - b),
    ).toEqual([...Array(100).keys()]);
  });

  it('writes the same JSON for the same value whatever the key order', () => {
    expect(canonicalJson({ b: [1, { d: null, c: 'x' }], a: undefined })).toBe('{"b":[1,{"c":"x","d":null}]}');
    expect(() => canonicalJson({ a: Number.NaN })).toThrow(TypeError);
  });

  it('ends everything in reverse order even when one fails', async () => {
    const order: string[] = [];
    const owner = new Disposables();
    owner.add(() => void order.push('first'));
    owner.add(() => {
      throw new Error('broken');
    });
    owner.add(() => void order.push('last'));
    await expect(owner.end()).rejects.toThrow('did not close');
    expect(order).toEqual(['last', 'first']);
    owner.add(() => void order.push('late'));
    expect(order).toContain('late');
  });

  it('suggests the nearest word only when it is near', () => {
    expect(nearest('learningrate', ['learningRate', 'momentum'])).toBe('learningRate');
    expect(nearest('optimiser', ['optimizer', 'model'])).toBe('optimizer');
    expect(nearest('xyz', ['learningRate', 'momentum'])).toBeUndefined();
  });
});
