import { classify } from './classification.ts';
import type { Result } from './result.ts';

const asked = 'test accuracy of at least 98 % on a fifth that was held out';

/** Spam and ham of the SpamAssassin corpus: subject and body of 6,046 mails; a fifth is test, a tenth validation. */
export const mailResults: readonly Result[] = [
  {
    name: 'mails-recurrent',
    title: 'Spam, bidirectional LSTM',
    asked,
    run: async (studio, options) => classify(studio, await studio.sample('mails'), 'text-recurrent', options),
  },
  {
    name: 'mails-transformer',
    title: 'Spam, transformer',
    asked,
    run: async (studio, options) => classify(studio, await studio.sample('mails'), 'text-transformer', options),
  },
];
