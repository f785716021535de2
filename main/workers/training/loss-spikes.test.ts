import { expect, it } from 'vitest';
import { seededRandom } from '../../base/random.ts';
import { LossSpikes } from './loss-spikes.ts';

it('finds a jump among noisy losses and nothing else, however the level falls', () => {
  const random = seededRandom(3, 0);
  const spikes = new LossSpikes();
  const found: number[] = [];
  for (let step = 1; step <= 600; step++) {
    const usual = 2.3 * Math.exp(-step / 200) + 0.1 * random.uniform();
    if (spikes.add(step === 400 ? usual * 8 : usual) !== null) found.push(step);
  }
  expect(found).toEqual([400]);
});

it('says nothing before it knows what is usual, and counts the deviations', () => {
  const spikes = new LossSpikes();
  expect(spikes.add(1)).toBeNull();
  expect(spikes.add(1000)).toBeNull();
  for (let step = 0; step < 40; step++) spikes.add(step % 2 === 0 ? 1 : 1.2);
  // Median 1.1 and a deviation of 0.1 · 1.4826.
  expect(spikes.add(3.1)).toBeCloseTo(2 / 0.14826, 0);
});
