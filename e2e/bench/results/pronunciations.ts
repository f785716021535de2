import type { Figures, Result } from './result.ts';
import type { ResultOptions, Studio } from './studio.ts';
import { circumstances } from './trained.ts';

const ASKED = 'phoneme error rate of 5 % to 8 %, 70 % to 75 % of words without a mistake, as the literature has it';

async function spoken(studio: Studio, template: string, options: ResultOptions): Promise<Figures> {
  const dataset = await studio.sample('pronunciations');
  const trained = await studio.train(dataset, template, options);
  const { pairs, exactMatch, tokenErrorRate, accuracy } = trained.evaluation.sequence ?? {};
  return {
    words: pairs ?? null,
    phonemeErrorRate: tokenErrorRate ?? null,
    wordAccuracy: exactMatch ?? null,
    nextPhonemeRight: accuracy ?? null,
    loss: trained.evaluation.loss,
    ...circumstances(dataset, template, trained),
  };
}

/** Spelling to phonemes of the CMU Pronouncing Dictionary, a tenth of the words held out with all their pronunciations. */
export const pronunciationResults: readonly Result[] = [
  {
    name: 'pronunciations-recurrent',
    title: 'Phonemes of English words, recurrent encoder and decoder',
    asked: ASKED,
    run: (studio, options) => spoken(studio, 'sequence-recurrent', options),
  },
  {
    name: 'pronunciations-transformer',
    title: 'Phonemes of English words, transformer encoder and decoder',
    asked: ASKED,
    run: (studio, options) => spoken(studio, 'sequence-transformer', options),
  },
];
