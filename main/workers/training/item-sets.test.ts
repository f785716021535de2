import { expect, it } from 'vitest';
import type { RunConfig } from '../../contract/run-config.ts';
import { splitItems } from './item-sets.ts';

const config = { seed: 0, data: { validationFraction: 0.2 }, model: { kind: 'mlp' } } as unknown as RunConfig;

it('draws validation from train, items that belong together into the same', () => {
  const sources = Array.from({ length: 600 }, (_, item) => `source ${item % 200}`);
  const splits = sources.map((_, item) => (item < 500 ? 'train' : 'test') as 'train' | 'test');
  const shared = (groups?: readonly string[]) => {
    const { train, validation } = splitItems(splits, null, () => true, config, groups);
    expect(train.length + validation.length).toBe(500);
    expect(Math.abs(validation.length - 100)).toBeLessThan(50);
    const learned = new Set(Array.from(train, (item) => sources[item]));
    return Array.from(validation).filter((item) => learned.has(sources[item])).length;
  };
  expect(shared()).toBeGreaterThan(20);
  expect(shared(sources)).toBe(0);
});
