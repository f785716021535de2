import type { DatasetVersion } from '../../../main/contract/datasets.ts';
import { seriesData } from '../../../main/contract/run-config.ts';
import type { Result } from './result.ts';
import type { Studio } from './studio.ts';
import { circumstances } from './trained.ts';

/** About the length of the cycle (Schwabe 1844). */
const CYCLE_YEARS = 11;

/** The error of the value eleven years before, over the windows that the evaluation forecasts. */
async function errorOfTheCycle(studio: Studio, { digest, rows }: DatasetVersion, horizon: number): Promise<number> {
  const items = await studio.call('datasets.rows', { digest, indices: Array.from({ length: rows }, (_, row) => row) });
  const values = items.map((item) => Number(item.values?.sunspots));
  const first = items.findIndex(({ split }) => split === 'test');
  const errors: number[] = [];
  for (let row = first; row + horizon <= rows; row++)
    for (let step = row; step < row + horizon; step++) errors.push(Math.abs(values[step] - values[step - CYCLE_YEARS]));
  return errors.reduce((sum, error) => sum + error, 0) / errors.length;
}

/** Yearly means of the sunspot number, 1700 to 2008, the last fifth held out. */
export const sunspotResults: readonly Result[] = [
  {
    name: 'sunspots-recurrent',
    title: 'Sunspots six years ahead, recurrent network',
    asked: 'an error below that of the value eleven years before',
    run: async (studio, options) => {
      const dataset = await studio.sample('sunspots');
      const trained = await studio.train(dataset, 'series-recurrent', options);
      const { model, naive, horizon = seriesData.parse({}).horizon } = trained.evaluation.forecast ?? {};
      return {
        meanAbsoluteError: model?.meanAbsoluteError ?? null,
        ofTheNewestValue: naive?.meanAbsoluteError ?? null,
        ofElevenYearsBefore: await errorOfTheCycle(studio, dataset, horizon),
        ...circumstances(dataset, 'series-recurrent', trained),
      };
    },
  },
];
