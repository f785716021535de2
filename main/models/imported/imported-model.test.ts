import { describe, expect, it } from 'vitest';
import {
  compileForward,
  compileTrainStep,
  decodeModel,
  GraphError,
  initializeParameters,
  type ParameterValues,
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
import { fill, readGolden, unpack } from '../golden.test-support.ts';
import { buildLayers } from '../layer-builder.ts';
import type { LayerSpec } from '../specification.ts';
import { type ImportedModel, importModel, mergeAdapters } from './imported-model.ts';

interface Exported {
  readonly name: string;
  readonly onnx: string;
  readonly shape: readonly number[];
  readonly input: string;
  readonly output: string;
}

const exported = readGolden<readonly Exported[]>('imported.json');
const bytesOf = (entry: Exported): Uint8Array => Uint8Array.from(Buffer.from(entry.onnx, 'base64'));
const convolutional = exported[0] as Exported;
const x = (entry: Exported) => floats(unpack(entry.input), entry.shape);

const run = async (model: ImportedModel, parameters: ParameterValues, input: ReturnType<typeof floats>) =>
  numbers((await runOnce(compileForward(model, { parameters }), { x: input })).output);

async function finetune(model: ImportedModel, entry: Exported, steps: number, groups = model.parameterGroups) {
  const loss = { kind: 'cross_entropy' } as const;
  const { parameters } = model;
  const step = compileTrainStep(model, { loss, optimizer: { kind: 'adamw' }, parameters, parameterGroups: groups });
  const runner = new StepRunner(await openSession(step.onnx), step);
  const y = classIds([0, 1, 1, 0]);
  const losses: number[] = [];
  for (let index = 0; index < steps; index++) losses.push((await runner.run({ x: x(entry), y }, 0.02)).loss);
  const moved = step.state.filter(({ kind }) => kind === 'optimizer').map(({ name }) => name);
  const kept = step.state.filter(({ kind }) => kind === 'parameter');
  const trained = Object.fromEntries(kept.map(({ name }) => [name, runner.state(name)]));
  return { losses, moved, parameters: { ...parameters, ...trained } };
}

describe.each(exported.map((entry) => [entry.name, entry] as const))('a net from PyTorch: %s', (_, entry) => {
  it('gives what PyTorch gave, at other batch sizes too', async () => {
    const model = importModel(bytesOf(entry));
    expect(relativeError(await run(model, model.parameters, x(entry)), unpack(entry.output))).toBeLessThan(1e-5);
    const half = unpack(entry.input).slice(0, unpack(entry.input).length / 2);
    const two = await run(model, model.parameters, floats(half, [2, ...entry.shape.slice(1)]));
    expect(relativeError(two, unpack(entry.output).slice(0, two.length))).toBeLessThan(1e-5);
  });

  it('learns on, all of it', async () => {
    const { losses, moved } = await finetune(importModel(bytesOf(entry)), entry, 40);
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) * 0.3);
    expect(moved.length).toBeGreaterThan(8);
  });

  it('learns by adapters alone, and is the same with them merged', async () => {
    const model = importModel(bytesOf(entry), { adapters: { match: '*', rank: 2, alpha: 4 } });
    const before = await run(model, model.parameters, x(entry));
    expect(relativeError(before, unpack(entry.output))).toBeLessThan(1e-5);
    const { losses, moved, parameters } = await finetune(model, entry, 60);
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) * 0.5);
    expect(moved.length).toBeGreaterThan(0);
    expect(moved.every((name) => name.includes('adapters.'))).toBe(true);
    const after = await run(model, parameters, x(entry));
    expect(relativeError(after, before)).toBeGreaterThan(0.1);
    const plain = importModel(bytesOf(entry));
    expect(relativeError(await run(plain, mergeAdapters(model, parameters), x(entry)), after)).toBeLessThan(1e-5);
  });
});

describe('a new head', () => {
  it('sits on any tensor of the file; the rest stays frozen, or is freed by name', async () => {
    const nodes = decodeModel(bytesOf(convolutional)).graph.nodes;
    const features = nodes.filter(({ operator }) => operator === 'Gemm')[0]?.outputs[0] ?? '';
    const model = importModel(bytesOf(convolutional), { output: features, head: { units: 2 } });
    expect(model.module.head?.weight.shape).toEqual([2, 8]);
    const { losses, moved, parameters } = await finetune(model, convolutional, 60);
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) * 0.7);
    expect(moved.every((name) => /\.head\./.test(name))).toBe(true);
    expect(parameters['body.weights.features.weight']).toEqual(model.parameters['body.weights.features.weight']);
    const free = [{ match: 'body.weights.features.*', learningRateFactor: 0.5 }, ...model.parameterGroups];
    const freed = await finetune(model, convolutional, 5, free);
    expect(freed.parameters['body.weights.features.weight']).not.toEqual(parameters['body.weights.features.weight']);
    expect(freed.moved.some((name) => name.includes('body.weights.second'))).toBe(false);
  });
});

describe('what is refused', () => {
  it('counts the nodes that cannot be read, by operator', () => {
    const model = decodeModel(bytesOf(convolutional));
    const nodes = model.graph.nodes.map((node) =>
      node.operator === 'MaxPool' || node.operator === 'Sigmoid' ? { ...node, operator: `Odd${node.operator}` } : node,
    );
    const odd = encodeModel({ ...model, graph: { ...model.graph, nodes } });
    expect(() => importModel(odd)).toThrow(
      /^2 of \d+ nodes cannot be imported, of the operators OddMaxPool \(1 ×\), OddSigmoid \(1 ×\)\.$/,
    );
  });

  it('no bytes, no such tensor, no such weight', () => {
    expect(() => importModel(new Uint8Array())).toThrow(GraphError);
    const bytes = bytesOf(convolutional);
    expect(() => importModel(bytes, { output: 'nowhere', head: { units: 2 } })).toThrow('no tensor named nowhere');
    expect(() => importModel(bytes, { inputShape: [6, 6] })).toThrow(GraphError);
    expect(importModel(bytes, { inputShape: [1, 6, 6] }).inputShape).toEqual([1, 6, 6]);
    expect(() => importModel(bytes, { adapters: { match: 'nothing*', rank: 2 } })).toThrow('No matrix');
    expect(() => importModel(bytes, { adapters: { match: '*', rank: 0 } })).toThrow(GraphError);
  });
});

/** Lists of layers that fit each other, drawn by a fixed sequence. */
function randomNet(seed: number): { readonly layers: readonly LayerSpec[]; readonly shape: readonly number[] } {
  let state = seed * 7919 + 1;
  const pick = <T>(options: readonly T[]): T => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return options[Math.floor((state / 2 ** 32) * options.length)] as T;
  };
  const activation = (): LayerSpec => ({ kind: pick(['relu', 'gelu', 'silu', 'tanh', 'sigmoid'] as const) });
  const isImage = pick([true, false]);
  const layers: LayerSpec[] = [];
  if (isImage) {
    for (let index = 0; index < pick([1, 2]); index++) {
      layers.push(
        { kind: 'conv2d', channels: pick([3, 4, 8]), kernel: 3, padding: 'same', stride: pick([1, 2]) },
        ...pick<readonly LayerSpec[]>([[{ kind: 'batch_norm' }], [{ kind: 'layer_norm' }], []]),
        activation(),
      );
    }
    layers.push(
      pick<LayerSpec>([
        { kind: 'max_pool', kernel: 2 },
        { kind: 'avg_pool', kernel: 2 },
        { kind: 'residual', layers: [activation()] },
      ]),
      pick<LayerSpec>([{ kind: 'flatten' }, { kind: 'global_avg_pool' }]),
    );
  }
  for (let index = 0; index < pick([0, 1, 2]); index++)
    layers.push({ kind: 'linear', units: pick([5, 6]) }, activation());
  layers.push({ kind: 'linear', units: 3, bias: pick([true, false]) });
  return { layers, shape: isImage ? [2, 8, 8] : [7] };
}

it('importing what was exported gives the same graph: outputs and operators', async () => {
  for (let seed = 0; seed < 24; seed++) {
    const { layers, shape } = randomNet(seed);
    const { module } = buildLayers(layers, shape, 'pytorch');
    const source = compileForward({ module, inputShape: shape }, { parameters: initializeParameters(module, seed) });
    const model = importModel(source.onnx);
    const again = compileForward(model, { parameters: model.parameters });
    const count = shape.reduce((product, size) => product * size, 3);
    const input = { x: floats(fill(count, seed), [3, ...shape]) };
    const [expected, actual] = [await runOnce(source, input), await runOnce(again, input)];
    expect(actual.output?.dims, `net ${seed}`).toEqual(expected.output?.dims);
    expect(relativeError(numbers(actual.output), numbers(expected.output)), `net ${seed}`).toBeLessThan(1e-6);
    const operators = (onnx: Uint8Array) => decodeModel(onnx).graph.nodes.map(({ operator }) => operator);
    expect(operators(again.onnx), `net ${seed}`).toEqual(operators(source.onnx));
  }
});
