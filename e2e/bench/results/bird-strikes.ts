import type { DatasetVersion } from '../../../main/contract/datasets.ts';
import { classify } from './classification.ts';
import type { Result } from './result.ts';
import type { ResultOptions, Studio } from './studio.ts';

const ASKED = 'test accuracy well above the 49.1 % that are small';
const MEMBERS = ['table-classification-mlp', 'table-embeddings', 'table-wide-and-deep'] as const;

const result = (name: string, title: string, template: string): Result => ({
  name,
  title: `Size of the animal that an aircraft struck, ${title}`,
  asked: ASKED,
  run: async (studio, options) => classify(studio, await studio.sample('bird-strikes'), template, options),
});

/** A run of each of the three. */
async function members(studio: Studio, dataset: DatasetVersion, options: ResultOptions): Promise<string[]> {
  const runs: string[] = [];
  for (const template of MEMBERS) runs.push((await studio.train(dataset, template, options)).run.id);
  return runs;
}

const together = (combine: 'average' | 'stacking'): Result => ({
  name: `strikes-${combine}`,
  title: `Size of the animal that an aircraft struck, the three together by ${combine}`,
  asked: 'test accuracy not below that of its members',
  run: async (studio, options) => {
    const dataset = await studio.sample('bird-strikes');
    const patch = { model: { kind: 'ensemble', combine, members: await members(studio, dataset, options) } };
    return classify(studio, dataset, 'table-classification-ensemble', options, patch);
  },
});

/** Reports of the FAA, 1990 to 2002: 7,000 to learn from, 2,000 held out. */
export const birdStrikeResults: readonly Result[] = [
  result('strikes-mlp', 'dense network over one-hot categories', 'table-classification-mlp'),
  result('strikes-embeddings', 'embeddings of categories', 'table-embeddings'),
  result('strikes-wide-and-deep', 'wide and deep', 'table-wide-and-deep'),
  together('average'),
  together('stacking'),
];
