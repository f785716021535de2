import { classify } from './classification.ts';
import type { Result } from './result.ts';

const ASKED = 'test accuracy well above the 49.1 % that are small';

const result = (name: string, title: string, template: string): Result => ({
  name,
  title: `Size of the animal that an aircraft struck, ${title}`,
  asked: ASKED,
  run: async (studio, options) => classify(studio, await studio.sample('bird-strikes'), template, options),
});

/** Reports of the FAA, 1990 to 2002: 7,000 to learn from, 2,000 held out. */
export const birdStrikeResults: readonly Result[] = [
  result('strikes-mlp', 'dense network over one-hot categories', 'table-classification-mlp'),
  result('strikes-embeddings', 'embeddings of categories', 'table-embeddings'),
  result('strikes-wide-and-deep', 'wide and deep', 'table-wide-and-deep'),
];
