import { expect, it } from 'vitest';
import { readGenerateRequest } from './generate-request.ts';

const read = (request: unknown) => readGenerateRequest(Buffer.from(JSON.stringify(request)));

it('fills up what is not said', () => {
  expect(read({ text_input: 'So' })).toEqual({ text: 'So', maxTokens: 20, temperature: 0, seed: 0, topTokens: 0 });
  const parameters = { max_tokens: 5, temperature: 0.5, seed: 7, top_n_tokens: 3 };
  expect(read({ text_input: '', parameters })).toEqual({
    text: '',
    maxTokens: 5,
    temperature: 0.5,
    seed: 7,
    topTokens: 3,
  });
});

it.each([
  [{}, 'The request has no text "text_input".'],
  [{ text_input: 'a', parameters: { max_tokens: 0 } }, '"max_tokens" is not a whole number from 1 to 512.'],
  [{ text_input: 'a', parameters: { max_tokens: 1.5 } }, '"max_tokens" is not a whole number from 1 to 512.'],
  [{ text_input: 'a', parameters: { temperature: 'hot' } }, '"temperature" is not a number from 0 to 2.'],
  [
    { text_input: 'a', parameters: { stop: ['b'] } },
    'There is no parameter "stop"; those that there are: max_tokens, temperature, seed, top_n_tokens.',
  ],
  [[], 'The request is not a JSON object.'],
])('refuses %j', (request, message) => {
  expect(() => read(request)).toThrow(message);
});
