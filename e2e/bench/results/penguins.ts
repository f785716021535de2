import path from 'node:path';
import type { DatasetVersion } from '../../../main/contract/datasets.ts';
import { classify } from './classification.ts';
import type { Result } from './result.ts';
import type { Studio } from './studio.ts';
import { circumstances } from './trained.ts';

const MASS = 'penguins-mass';
const FILE = path.join(import.meta.dirname, '../../../node_modules/vega-datasets/data/penguins.json');
const PATIENCE_MS = 600_000;

/** The same table with the mass of the body to predict. */
async function masses(studio: Studio): Promise<DatasetVersion> {
  const known = await studio.call('datasets.list', {});
  if (!known.some(({ name }) => name === MASS)) {
    const { jobId } = await studio.call('datasets.import', {
      path: FILE,
      options: {
        name: MASS,
        licence: 'CC0-1.0',
        description: 'Palmer Archipelago penguins, their mass',
        target: 'Body Mass (g)',
        splits: { mode: 'stratified', validation: 0.15, test: 0.2, seed: 0 },
        nearDuplicateDistance: 4,
      },
    });
    await studio.call('jobs.wait', { id: jobId, timeoutMs: PATIENCE_MS });
  }
  return studio.path(MASS, FILE);
}

/** Palmer penguins (Gorman, Williams and Fraser 2014): 344 rows with gaps. */
export const penguinResults: readonly Result[] = [
  {
    name: 'penguins',
    title: 'Species of penguins, dense network on a table',
    asked: 'nearly every species right',
    run: async (studio, options) =>
      classify(studio, await studio.sample('penguins'), 'table-classification-mlp', options),
  },
  {
    name: 'penguins-mass',
    title: 'Mass of penguins, dense network on a table',
    asked: 'an R² well above that of the mean, which is 0',
    run: async (studio, options) => {
      const dataset = await masses(studio);
      const trained = await studio.train(dataset, 'table-regression-mlp', options);
      return {
        ...(trained.evaluation.regression ?? {}),
        ...circumstances(dataset, 'table-regression-mlp', trained),
      };
    },
  },
];
