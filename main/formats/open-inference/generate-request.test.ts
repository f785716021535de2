import { expect, it } from 'vitest';
import { readGenerateRequest } from './generate-request.ts';

const read = (request: unknown) => readGenerateRequest(Buffer.from(JSON.stringify(request)));

it('fills up what is not said', () => {
  expect(read({ text_input: 'So' })).toEqual({
    text: 'So',
    maxTokens: 20,
    temperature: 0,
    topP: 1,
    topK: 0,
    seed: 0,
    topTokens: 0,
    stop: [],
  });
  const drawing = { temperature: 0.5, top_p: 0.9, top_k: 40, seed: 7 };
  const parameters = { max_tokens: 5, ...drawing, top_n_tokens: 3, stop: ['\n', 'end'] };
  expect(read({ text_input: '', parameters })).toEqual({
    text: '',
    maxTokens: 5,
    temperature: 0.5,
    topP: 0.9,
    topK: 40,
    seed: 7,
    topTokens: 3,
    stop: ['\n', 'end'],
  });
});

it.each([
  [{}, 'The request has no text "text_input".'],
  [{ text_input: 'a', parameters: { max_tokens: 0 } }, '"max_tokens" is not a whole number from 1 to 512.'],
  [{ text_input: 'a', parameters: { max_tokens: 1.5 } }, '"max_tokens" is not a whole number from 1 to 512.'],
  [{ text_input: 'a', parameters: { temperature: 'hot' } }, '"temperature" is not a number from 0 to 2.'],
  [{ text_input: 'a', parameters: { top_p: 1.5 } }, '"top_p" is not a number from 0 to 1.'],
  [{ text_input: 'a', parameters: { stop: 'b' } }, '"stop" is not a list of up to 5 texts of 1 to 200 characters.'],
  [{ text_input: 'a', parameters: { stop: ['b', ''] } }, '"stop" is not a list'],
  [
    { text_input: 'a', parameters: { stops: ['b'] } },
    'There is no parameter "stops"; those that there are: max_tokens, temperature, top_p, top_k, seed, top_n_tokens, stop.',
  ],
  [[], 'The request is not a JSON object.'],
])('refuses %j', (request, message) => {
  expect(() => read(request)).toThrow(message);
});
