import { describe, expect, it } from 'vitest';
import { compileForward, compileGeneration, compileTrainStep, initializeParameters } from '../../graph/index.ts';
import { numbers, openSession, relativeError, StepRunner, tensor } from '../../graph/run-onnx.test-support.ts';
import { buildModel } from '../build-model.ts';
import type { TransformerDecoderSpec } from './specification.ts';
import { generationModel } from './transformer-models.ts';

const LENGTH = 10;
const VOCABULARY = 13;
const input = { kind: 'tokens', length: LENGTH, vocabulary: VOCABULARY } as const;
const output = { kind: 'tokens', vocabulary: VOCABULARY } as const;

const tokens = (ids: readonly number[]) =>
  tensor(
    'int64',
    BigInt64Array.from(ids, (id) => BigInt(id)),
    [1, ids.length],
  );

function best(logits: Float32Array, row: number): number {
  const own = logits.subarray(row * VOCABULARY, (row + 1) * VOCABULARY);
  return own.indexOf(Math.max(...own));
}

const specs: readonly TransformerDecoderSpec[] = [
  { kind: 'transformer_decoder', width: 16, heads: 2, layers: 2, tieWeights: true },
  { kind: 'transformer_decoder', width: 16, heads: 4, layers: 2, positions: 'rotary', normalization: 'rms' },
  { kind: 'transformer_decoder', width: 16, heads: 2, layers: 1, positions: 'sinusoidal', order: 'post' },
];

describe('greedy generation', () => {
  it.each(specs.map((spec) => [spec.positions ?? 'learned', spec] as const))(
    'with %s positions says the same with cached keys and values as without',
    async (_, spec) => {
      const model = buildModel(spec, input, output);
      // Larger weights than a network starts with, so that one token is clearly the best.
      const start = initializeParameters(model.module, 3);
      const parameters = Object.fromEntries(
        Object.entries(start).map(([name, values]) => [
          name,
          name.includes('norm') ? values : values.map((v) => 4 * v),
        ]),
      );
      const whole = await openSession(compileForward(model, { parameters }).onnx);
      const compiled = compileGeneration(generationModel(spec, input, output), { parameters });
      const session = await openSession(compiled.onnx);

      const prompt = [3, 1, 4];
      const cached = [...prompt];
      let fresh: readonly number[] = prompt;
      let past = Object.fromEntries(
        compiled.cache.map((entry) => [entry.past, tensor('float32', new Float32Array(0), entry.shape)]),
      );
      while (cached.length < LENGTH) {
        const result = await session.run({ x: tokens(fresh), ...past });
        const filled = [...cached, ...Array.from({ length: LENGTH - cached.length }, () => 0)];
        const reference = numbers((await whole.run({ x: tokens(filled) })).output);
        const last = cached.length - 1;
        const row = reference.subarray(last * VOCABULARY, (last + 1) * VOCABULARY);
        expect(relativeError(numbers(result.output).slice(-VOCABULARY), row)).toBeLessThan(1e-5);
        const next = best(numbers(result.output), fresh.length - 1);
        expect(next).toBe(best(reference, last));
        cached.push(next);
        fresh = [next];
        past = Object.fromEntries(compiled.cache.map((entry) => [entry.past, result[entry.present] as typeof past.x]));
      }
      expect(past[compiled.cache[0]?.past ?? '']?.dims).toEqual([1, spec.heads, LENGTH - 1, 16 / spec.heads]);
    },
  );
});

describe('pretrain, then fine-tune', () => {
  it('carries weights by name to a model with another head', async () => {
    const settings = { kind: 'transformer_encoder', width: 8, heads: 2, layers: 1 } as const;
    const pretrained = buildModel(settings, input, { kind: 'classification', classes: 5 });
    const tuned = buildModel(settings, input, { kind: 'classification', classes: 2 });
    const { 'head.weight': weight, 'head.bias': bias, ...body } = initializeParameters(pretrained.module, 1);
    expect([weight?.length, bias?.length]).toEqual([40, 5]);
    const step = compileTrainStep(tuned, {
      loss: { kind: 'cross_entropy' },
      optimizer: { kind: 'adamw' },
      seed: 2,
      parameters: body,
    });
    const runner = new StepRunner(await openSession(step.onnx), step);
    expect(Object.keys(body).every((name) => runner.state(name).every((value, at) => value === body[name]?.[at]))).toBe(
      true,
    );
    const fresh = initializeParameters(tuned.module, 2);
    expect(runner.state('head.weight')).toEqual(fresh['head.weight']);
    const x = tokens([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const y = tensor('int64', BigInt64Array.of(1n), [1]);
    const losses: number[] = [];
    for (let index = 0; index < 20; index++) losses.push((await runner.run({ x, y }, 1e-2)).loss);
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) / 4);
  });
});
