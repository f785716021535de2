import { describe, expect, it } from 'vitest';
import type { LossSpec, ParameterValues } from '../graph/index.ts';
import {
  compileDecoding,
  compileForward,
  compileGradients,
  compileTrainStep,
  STANDARD,
  START,
} from '../graph/index.ts';
import {
  floats,
  numbers,
  openSession,
  relativeError,
  runOnce,
  StepRunner,
  tensor,
} from '../graph/run-onnx.test-support.ts';
import type { Model } from './build-model.ts';
import { buildModel } from './build-model.ts';
import { fill, readGolden, unpack } from './golden.test-support.ts';
import type { ArchitectureSpec, InputSignature, OutputSignature } from './specification.ts';

interface SequenceGolden {
  readonly name: string;
  readonly spec: ArchitectureSpec;
  readonly input: InputSignature;
  readonly output: OutputSignature;
  readonly loss: LossSpec;
  readonly batch: number;
  readonly outputValue: string;
  readonly lossValue: number;
  readonly gradients: Readonly<Record<string, string>>;
  readonly inputGradient?: string;
  readonly losses?: readonly number[];
  /** What encoder–decoders write. */
  readonly greedy?: readonly (readonly number[])[];
}

const TOLERANCE = 1e-5;
const goldens = readGolden<readonly SequenceGolden[]>('sequences.json');
const trained = goldens.filter(({ losses }) => losses !== undefined);

const modelOf = ({ spec, input, output }: SequenceGolden): Model => buildModel(spec, input, output);

/** The twin of `set_weights` in sequences.py. */
function weightsOf(model: Model): ParameterValues {
  const sorted = [...model.module.namedParameters()].sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(
    sorted.map(([name, { shape, initializer }], stream) => {
      const count = shape.reduce((product, size) => product * size, 1);
      const factor = shape.length > 1 ? Math.fround(Math.sqrt(3 / (count / (shape[0] ?? 1)))) : 0.25;
      const isOne = shape.length === 1 && initializer.kind === 'constant' && initializer.value === 1;
      return [name, fill(count, stream + 100).map((value) => value * factor + (isOne ? 1 : 0))];
    }),
  );
}

/** The twin of `ids` in sequences.py. */
function ids(batch: number, length: number, vocabulary: number, stream: number, padded: boolean): number[] {
  return Array.from(fill(batch * length, stream), (value, index) => {
    const isPadding = padded && index % length >= length - (Math.floor(index / length) % 3);
    return isPadding ? 0 : Math.floor(((value + 1) / 2) * (vocabulary - 1)) + 1;
  });
}

const int64 = (values: readonly number[], shape: readonly number[]) =>
  tensor(
    'int64',
    BigInt64Array.from(values, (value) => BigInt(value)),
    shape,
  );

const noise = (shape: readonly number[], stream: number) =>
  floats(
    fill(
      shape.reduce((product, size) => product * size, 1),
      stream,
    ),
    shape,
  );

/** The twin of `data` in sequences.py. */
function dataOf(
  { spec, input, output, loss, batch }: SequenceGolden,
  stream: number,
): Readonly<Record<string, ReturnType<typeof floats>>> {
  const x = (() => {
    if (input.kind === 'tokens') {
      const padded = spec.kind !== 'transformer_decoder';
      return int64(ids(batch, input.length, input.vocabulary, stream, padded), [batch, input.length]);
    }
    if (input.kind === 'series') return noise([batch, input.length, input.features], stream);
    if (input.kind === 'image') return noise([batch, input.channels, input.height, input.width], stream);
    throw new Error(`No data for ${input.kind}.`);
  })();
  const own = output.kind === 'tokens' ? output.length : undefined;
  const length = own ?? ('length' in input ? input.length : 0);
  const more: Readonly<Record<string, ReturnType<typeof floats>>> =
    own !== undefined && output.kind === 'tokens'
      ? { target: int64(ids(batch, length, output.vocabulary, stream + 1, false), [batch, length]) }
      : {};
  const y = (() => {
    if (output.kind === 'classification') {
      return int64(
        Array.from({ length: batch }, (_, index) => (index * 7) % output.classes),
        [batch],
      );
    }
    if (output.kind === 'tokens') {
      const raw = ids(batch, length, output.vocabulary, stream + 2, true);
      const ignoresPadding = loss.kind === 'token_cross_entropy' && loss.ignoreIndex === 0;
      const values = raw.map((id) => (ignoresPadding ? Math.min(id, output.vocabulary - 1) : Math.max(id - 1, 0)));
      return int64(values, [batch, length]);
    }
    if (output.kind === 'forecast') return noise([batch, output.horizon, output.series], stream + 2);
    if (output.kind === 'regression') return noise([batch, output.outputs], stream + 2);
    throw new Error(`No target for ${output.kind}.`);
  })();
  return { x, y, ...more };
}

const asTensors = (model: Model, values: ParameterValues) =>
  Object.fromEntries(
    model.module.namedParameters().map(([name, { shape }]) => [name, floats(values[name] ?? [], shape)]),
  );

describe('sequence models against PyTorch', () => {
  it.each(goldens.map((golden) => [golden.name, golden] as const))('%s: output and gradients', async (_, golden) => {
    const model = modelOf(golden);
    const weights = weightsOf(model);
    expect(Object.keys(weights)).toEqual(Object.keys(golden.gradients).sort());
    const data = dataOf(golden, 1);
    const withInputGradient = golden.inputGradient !== undefined;
    const graph = compileGradients(model, { loss: golden.loss, withInputGradient, target: STANDARD });
    const result = await runOnce(graph, { ...asTensors(model, weights), ...data });
    expect(relativeError(numbers(result.output), unpack(golden.outputValue))).toBeLessThan(TOLERANCE);
    expect(numbers(result.loss)[0]).toBeCloseTo(golden.lossValue, 5);
    const total = Math.hypot(...Object.values(golden.gradients).flatMap((text) => [...unpack(text)]));
    for (const [name, text] of Object.entries(golden.gradients)) {
      const [actual, wanted] = [numbers(result[`gradient.${name}`]), unpack(text)];
      // The bias of the keys has no influence: what is there is rounding, judged against the whole gradient.
      const norm = Math.hypot(...wanted);
      const scale = norm < total * 0.03 ? total * 0.03 : norm;
      expect((relativeError(actual, wanted) * norm) / scale, name).toBeLessThan(TOLERANCE);
    }
    if (golden.inputGradient) {
      expect(relativeError(numbers(result['gradient.x']), unpack(golden.inputGradient))).toBeLessThan(TOLERANCE);
    }
  });

  it.each(goldens.map((golden) => [golden.name, golden] as const))('%s: forward graph', async (_, golden) => {
    const model = modelOf(golden);
    const graph = compileForward(model, { parameters: weightsOf(model) });
    const result = await runOnce(graph, dataOf(golden, 1));
    expect(relativeError(numbers(result.output), unpack(golden.outputValue))).toBeLessThan(TOLERANCE);
  });

  const writers = goldens.filter(({ greedy }) => greedy !== undefined);
  it.each(writers.map((golden) => [golden.name, golden] as const))(
    '%s: what it writes by itself',
    async (_, golden) => {
      const model = modelOf(golden);
      const parameters = weightsOf(model);
      const { x } = dataOf(golden, 1);
      const { sequences, probabilities } = await runOnce(compileDecoding(model, { parameters }), { x });
      const written = golden.greedy?.flat() ?? [];
      const idsIn = (found: typeof sequences) => Array.from(found?.data as BigInt64Array, Number);
      expect(idsIn(sequences)).toEqual(written);
      // As it ships: by the name of the raw input, and with weights as inputs for who compares it.
      const preprocessing = { kind: 'tokens', unit: 'characters', length: 6, vocabulary: [] } as const;
      const shipped = await runOnce(compileDecoding(model, { preprocessing }), {
        tokens: x,
        ...asTensors(model, parameters),
      });
      expect(idsIn(shipped.sequences)).toEqual(written);
      // Each as probable as the model says where it is told what was written before.
      const before = (golden.greedy ?? []).flatMap((row) => [START, ...row.slice(0, -1)]);
      const target = int64(before, sequences?.dims ?? []);
      const { output } = await runOnce(compileForward(model, { parameters }), { x, target });
      const vocabulary = numbers(output).length / written.length;
      written.forEach((id, place) => {
        const row = numbers(output).slice(place * vocabulary, (place + 1) * vocabulary);
        const sum = row.reduce((total, logit) => total + Math.exp(logit), 0);
        expect(numbers(probabilities)[place]).toBeCloseTo(id === 0 ? 0 : Math.exp(row[id] as number) / sum, 5);
      });
    },
  );

  it.each(trained.map((golden) => [golden.name, golden] as const))('%s: two hundred steps', async (_, golden) => {
    const model = modelOf(golden);
    const step = compileTrainStep(model, {
      loss: golden.loss,
      optimizer: { kind: 'adamw', weightDecay: 0.01 },
      parameters: weightsOf(model),
      target: STANDARD,
    });
    const runner = new StepRunner(await openSession(step.onnx), step);
    for (const [index, expected] of (golden.losses ?? []).entries()) {
      const { loss } = await runner.run(dataOf(golden, 1000 + 10 * (index % 8)), 1e-3);
      expect(Math.abs(loss - expected) / expected, `loss of step ${index + 1}`).toBeLessThan(1e-3);
    }
  });
});
