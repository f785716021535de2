import { describe, expect, it } from 'vitest';
import { compileForward, compileGeneration, FIRST_WORD, initializeParameters } from '../../graph/index.ts';
import { buildModel, generationModel } from '../../models/index.ts';
import { RuntimeSession } from '../../runtime/index.ts';
import { TokenReader } from './token-reader.ts';
import { TokenWriter } from './token-writer.ts';

const LENGTH = 10;
const VOCABULARY = 13;
const spec = { kind: 'transformer_decoder', width: 16, heads: 2, layers: 2, positions: 'rotary' } as const;
const input = { kind: 'tokens', length: LENGTH, vocabulary: VOCABULARY } as const;
const output = { kind: 'tokens', vocabulary: VOCABULARY } as const;
const settings = { provider: 'cpu', threads: 1 } as const;

async function openGraphs() {
  const model = buildModel(spec, input, output);
  // Larger weights than a network starts with, so that tokens differ.
  const parameters = Object.fromEntries(
    Object.entries(initializeParameters(model.module, 3)).map(([name, values]) => [
      name,
      name.includes('norm') ? values : values.map((value) => 4 * value),
    ]),
  );
  const whole = compileForward(model, { parameters, softmax: true });
  const { onnx, cache } = compileGeneration(generationModel(spec, input, output), { parameters });
  return {
    whole: await RuntimeSession.create(whole.onnx, settings),
    cached: await RuntimeSession.create(onnx, settings),
    graph: { input: 'x', cache, length: LENGTH },
  };
}

describe('what follows a text', () => {
  it('is the same with cached keys and values as without, also where its beginning is out of sight', async () => {
    const { whole, cached, graph } = await openGraphs();
    const [all, kept] = [new TokenReader(whole, { ...graph, cache: [] }), new TokenReader(cached, graph)];
    const ids = [3, 1, 4];
    while (ids.length < 2 * LENGTH) {
      const [expected, actual] = [await all.next(ids), await kept.next(ids)];
      expect(expected.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
      for (let id = 0; id < VOCABULARY; id++) expect(actual[id]).toBeCloseTo(expected[id], 5);
      ids.push(ids.length % 3 === 0 ? (ids.length * 5) % VOCABULARY : expected.indexOf(Math.max(...expected)));
    }
  });

  it('is drawn by seed and temperature, and never what fills up or is unknown', async () => {
    const { cached, graph } = await openGraphs();
    const write = async (temperature: number, seed: number, { topP = 1, topK = 0 } = {}) => {
      const drawing = { temperature, topP, topK, seed };
      const writer = new TokenWriter(cached, graph, { ids: [5, 6], maxTokens: 25, ...drawing, topTokens: 2 });
      const tokens = [await writer.next()];
      while (!tokens.at(-1)?.last) tokens.push(await writer.next());
      return tokens;
    };
    const greedy = await write(0, 0);
    expect(greedy).toHaveLength(25);
    for (const { id, top, probability } of greedy) {
      expect(id).toBeGreaterThanOrEqual(FIRST_WORD);
      expect(top[0]).toEqual({ id, probability });
      expect(top[1].probability).toBeLessThanOrEqual(probability);
    }
    const ids = async (temperature: number, seed: number) => (await write(temperature, seed)).map(({ id }) => id);
    expect(await ids(0, 7)).toEqual(greedy.map(({ id }) => id));
    expect(await ids(2, 1)).toEqual(await ids(2, 1));
    expect(await ids(2, 1)).not.toEqual(await ids(2, 2));
    expect(Math.min(...(await ids(2, 3)))).toBeGreaterThanOrEqual(FIRST_WORD);
    // Of the likeliest alone there is nothing to draw, of the two likeliest one or the other.
    for (const of of [{ topK: 1 }, { topP: 0 }])
      expect((await write(2, 3, of)).map(({ id }) => id)).toEqual(greedy.map(({ id }) => id));
    const ofTwo = await write(2, 3, { topK: 2 });
    const places = ofTwo.map(({ id, top }) => top.findIndex((token) => token.id === id));
    expect(new Set(places)).toEqual(new Set([0, 1]));
    // A nucleus of as much as the likeliest has holds no other.
    const [{ probability }] = greedy;
    const [first] = await write(1, 3, { topP: probability * 0.99 });
    expect(first.id).toBe(greedy[0].id);
  });
});
