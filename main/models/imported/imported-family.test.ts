import { beforeAll, describe, expect, it } from 'vitest';
import {
  compileForward,
  compileTrainStep,
  decodeModel,
  initializeParameters,
  type OnnxModel,
  type PreprocessingSpec,
} from '../../graph/index.ts';
import { encodeModel } from '../../graph/onnx/encode.ts';
import {
  classIds,
  floats,
  numbers,
  openSession,
  relativeError,
  runOnce,
  StepRunner,
} from '../../graph/run-onnx.test-support.ts';
import { buildModel, type Model } from '../build-model.ts';
import { fill } from '../golden.test-support.ts';
import { trainedWeights } from '../trained-weights.ts';
import { trainingOptionsOf } from '../training-recipe.ts';
import type { ImportedSpec } from './specification.ts';

const input = { kind: 'image', channels: 1, height: 8, width: 8 } as const;
const ten = { kind: 'classification', classes: 10 } as const;
const three = { kind: 'classification', classes: 3 } as const;
const pictures: PreprocessingSpec = {
  ...{ kind: 'image', layout: 'nhwc', channels: 1, height: 8, width: 8 },
  ...{ mean: [0.3], deviation: [0.4] },
};
const x = floats(fill(4 * 64, 1), [4, 1, 8, 8]);
const y = classIds([0, 1, 2, 1]);

/** A network of ten classes as the studio exports it: raw bytes in, probabilities out. */
let file: Uint8Array;
let source: { readonly model: Model; readonly parameters: Record<string, Float32Array> };
beforeAll(() => {
  const model = buildModel({ kind: 'cnn', channels: [4], hidden: [12], normalization: 'batch' }, input, ten);
  source = { model, parameters: initializeParameters(model.module, 3) };
  file = compileForward(model, { ...source, preprocessing: pictures, softmax: true }).onnx;
});

const imported = (spec: Partial<ImportedSpec> = {}, output: typeof ten | typeof three = three): Model =>
  buildModel({ kind: 'imported', onnx: file, ...spec }, input, output);

async function finetuned(model: Model, steps = 30) {
  const options = trainingOptionsOf(
    { optimizer: { kind: 'adamw', learningRate: 0.02 }, training: {} },
    pictures,
    model,
  );
  const step = compileTrainStep(model, { ...options, loss: { kind: 'cross_entropy' }, seed: 5 });
  const runner = new StepRunner(await openSession(step.onnx), step);
  const losses: number[] = [];
  for (let index = 0; index < steps; index++) losses.push((await runner.run({ x, y }, 0.02)).loss);
  const state = new Map(step.state.map(({ name }) => [name, runner.state(name)]));
  const learned = step.state.filter(({ kind }) => kind === 'optimizer').map(({ name }) => name);
  return { losses, learned, parameters: trainedWeights(model.module, state) };
}

const answers = async (model: Parameters<typeof compileForward>[0], parameters: Record<string, Float32Array>) =>
  numbers((await runOnce(compileForward(model, { parameters }), { x })).output);

it('reads what the studio exported from after its preprocessing to before its softmax', async () => {
  const model = imported({ head: 'keep' }, ten);
  const expected = await answers(source.model, source.parameters);
  expect(relativeError(await answers(model, { ...model.parameters }), expected)).toBeLessThan(1e-6);
  expect(model.module.namedParameters().map(([name]) => name)).toContain('body.weights.layers.0.weight');
});

it('puts a new head in the place of the last layer, and all of it learns', async () => {
  const model = imported();
  expect(model.summary.outputShape.slice(1)).toEqual([3]);
  const names = model.module.namedParameters().map(([name]) => name);
  expect(names.slice(-2)).toEqual(['head.weight', 'head.bias']);
  expect(names.filter((name) => name.startsWith('body.'))).not.toContain('body.weights.layers.6.weight');
  const { losses, parameters } = await finetuned(model);
  expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) * 0.3);
  const first = 'body.weights.layers.0.weight';
  expect(parameters[first]).not.toEqual(model.parameters?.[first]);
});

it('leaves frozen what is not named, whatever groups the config has', async () => {
  const model = imported({ trainable: ['layers.5.*'] });
  const { learned, parameters } = await finetuned(model, 10);
  expect(learned.some((name) => name.includes('layers.5.weight'))).toBe(true);
  expect(learned.some((name) => name.includes('layers.0.weight'))).toBe(false);
  expect(parameters['body.weights.layers.0.weight']).toEqual(model.parameters?.['body.weights.layers.0.weight']);
});

it('learns by adapters on convolutions and matrices, and ships without them the same function', async () => {
  const model = imported({ lora: { rank: 2, alpha: 4 } });
  const { losses, learned, parameters } = await finetuned(model, 60);
  expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) * 0.5);
  expect(learned.every((name) => /adapters\.|head\./.test(name))).toBe(true);
  expect(learned.some((name) => name.includes('adapters.layers.0.weight.left'))).toBe(true);
  const shipped = model.ship?.(parameters);
  if (!shipped) throw new Error('nothing to ship');
  expect(shipped.model.module.namedParameters().some(([name]) => name.startsWith('adapters.'))).toBe(false);
  const merged = await answers(shipped.model, { ...shipped.parameters });
  expect(relativeError(merged, await answers(model, parameters))).toBeLessThan(1e-5);
});

it('reads weights that stand in Constant nodes, as Paddle writes them', async () => {
  const { graph, ...rest } = decodeModel(file);
  const nodes = graph.initializers.map((value, index) => ({
    ...{ operator: 'Constant', domain: '', name: `c${index}`, inputs: [], outputs: [value.name] },
    attributes: { value: { kind: 'tensor', value: { ...value, name: '' } } as const },
  }));
  const onnx = encodeModel({ ...rest, graph: { ...graph, initializers: [], nodes: [...nodes, ...graph.nodes] } });
  const [plain, model] = [imported(), imported({ onnx })];
  expect(model.module.namedParameters().map(([name]) => name)).toEqual(
    plain.module.namedParameters().map(([name]) => name),
  );
  const keeping = imported({ onnx, head: 'keep' }, ten);
  const expected = await answers(source.model, source.parameters);
  expect(relativeError(await answers(keeping, { ...keeping.parameters }), expected)).toBeLessThan(1e-6);
});

describe('what is refused, and what it says', () => {
  const changed = (change: (model: OnnxModel) => OnnxModel): Uint8Array => encodeModel(change(decodeModel(file)));

  it.each<[string, () => Partial<ImportedSpec>, RegExp]>([
    ['bytes that are no ONNX', () => ({ onnx: new Uint8Array([1, 2, 3]) }), /protobuf/],
    ['a file cut short', () => ({ onnx: file.slice(0, file.length / 2) }), /ends too early/],
    [
      'an operator without a rule',
      () => ({
        onnx: changed((model) => ({
          ...model,
          graph: {
            ...model.graph,
            nodes: model.graph.nodes.map((node) => (node.operator === 'Conv' ? { ...node, operator: 'Wave' } : node)),
          },
        })),
      }),
      /1 of \d+ nodes cannot be imported, of the operators Wave \(1 ×\)/,
    ],
    [
      'a pattern that no weight fits',
      () => ({ trainable: ['stem.*'] }),
      /No weight of the file is called stem\.\*\. It has layers\.0\.weight/,
    ],
    [
      'adapters on nothing',
      () => ({ lora: { rank: 2, targets: ['stem.*'] } }),
      /No matrix of the file is named like stem\.\*/,
    ],
    ['a head that does not fit', () => ({ head: 'keep' }), /\[N,3\] is to be learned: write head: new/],
    ['a tensor that is not there', () => ({ output: 'nowhere' }), /no tensor named nowhere/],
  ])('%s', (_, spec, message) => {
    expect(() => imported(spec())).toThrow(message);
  });

  it('nothing to learn', () => {
    expect(() => imported({ head: 'keep', trainable: [] }, ten)).toThrow('Nothing of the file can learn');
  });

  it('pictures of another size, with what to write instead', () => {
    const foreign = compileForward(source.model, source).onnx;
    const wide = { ...input, width: 9 };
    expect(() => buildModel({ kind: 'imported', onnx: foreign }, wide, three)).toThrow(
      'The file takes [batch,1,8,8], and the data are [N,1,8,9]. Set preprocessing: { resize: [8, 8], channels: 1 }.',
    );
    expect(() =>
      buildModel({ kind: 'imported', onnx: foreign }, { kind: 'tokens', length: 64, vocabulary: 9 }, three),
    ).toThrow('The file takes float32, and the data are int64');
  });
});
