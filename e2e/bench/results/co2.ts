import type { Figures, Result } from './result.ts';
import type { ResultOptions, Studio } from './studio.ts';
import { circumstances } from './trained.ts';

async function forecast(studio: Studio, template: string, options: ResultOptions): Promise<Figures> {
  const dataset = await studio.sample('co2');
  const trained = await studio.train(dataset, template, options);
  const { model, naive, perStep } = trained.evaluation.forecast ?? {};
  return {
    meanAbsoluteError: model?.meanAbsoluteError ?? null,
    ofTheNewestValue: naive?.meanAbsoluteError ?? null,
    atTheLastStep: perStep?.at(-1) ?? null,
    ...circumstances(dataset, template, trained),
  };
}

/** Monthly carbon dioxide at Mauna Loa since 1958, the last fifth held out. */
export const co2Results: readonly Result[] = [
  {
    name: 'co2-mlp',
    title: 'Carbon dioxide half a year ahead, dense network',
    asked: 'an error well below that of the newest value repeated',
    run: (studio, options) => forecast(studio, 'series-mlp', options),
  },
  {
    name: 'co2-recurrent',
    title: 'Carbon dioxide half a year ahead, recurrent network',
    asked: 'an error well below that of the newest value repeated',
    run: (studio, options) => forecast(studio, 'series-recurrent', options),
  },
];
