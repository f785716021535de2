import { classify } from './classification.ts';
import type { Result } from './result.ts';

/** Who meets whom in Les Misérables (Knuth 1993): 77 people in ten groups. */
export const novelResults: readonly Result[] = [
  {
    name: 'novel-gcn',
    title: 'Groups of people in a novel, graph convolutions',
    asked: 'far more often right than the largest group, without any feature but the meetings',
    run: async (studio, options) => classify(studio, await studio.sample('novel'), 'node-gcn', options),
  },
];
