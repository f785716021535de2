import { describe, expect, it } from 'vitest';
import { compileGradients } from '../graph/index.ts';
import {
  classIds,
  type Feed,
  floats,
  numbers,
  relativeError,
  runOnce,
  tensor,
} from '../graph/run-onnx.test-support.ts';
import { buildModel } from './build-model.ts';
import { fill, followLosses, hashedWeights, readGolden, unpack } from './golden.test-support.ts';
import { labelOf, localTargets } from './targets.test-support.ts';

interface Golden {
  readonly edges: readonly (readonly number[])[];
  readonly nodes: number;
  readonly features: number;
  readonly classes: number;
  readonly graphs: readonly {
    readonly name: 'gcn' | 'sage' | 'gat';
    readonly output: string;
    readonly gradients: Readonly<Record<string, string>>;
    readonly inputGradient: string;
    readonly losses: readonly number[];
  }[];
  readonly autoencoders: readonly { readonly name: 'dense' | 'convolutional'; readonly losses: readonly number[] }[];
  readonly mixture: { readonly losses: readonly number[] };
}

const golden = readGolden<Golden>('generative.json');
const targets = await localTargets();

describe.each(targets.map((target) => [labelOf(target), target] as const))(
  'against PyTorch, lowered for %s',
  (_, target) => {
    const { nodes, features, classes } = golden;
    const graphFeed: Feed = {
      x: floats(fill(nodes * features, 1), [nodes, features]),
      y: classIds(Array.from({ length: nodes }, (__, node) => (node * 7) % classes)),
      edges: tensor('int64', BigInt64Array.from(golden.edges.flat(), BigInt), [2, golden.edges[0]?.length ?? 0]),
    };
    const graphModel = (convolution: 'gcn' | 'sage' | 'gat') =>
      buildModel(
        { kind: 'graph_network', convolution, hidden: [8] },
        { kind: 'graph', features },
        { kind: 'classification', classes },
      );

    it.each(golden.graphs.map((entry) => [entry.name, entry] as const))(
      '%s: output and gradients',
      async (name, entry) => {
        const model = graphModel(name);
        const loss = { kind: 'cross_entropy' } as const;
        const graph = compileGradients(model, { loss, withInputGradient: true, target });
        const weights = hashedWeights(model);
        const shapes = new Map(model.module.namedParameters().map(([key, { shape }]) => [key, shape]));
        expect(Object.keys(weights)).toEqual(Object.keys(entry.gradients));
        const result = await runOnce(graph, {
          ...graphFeed,
          ...Object.fromEntries(
            Object.entries(weights).map(([key, value]) => [key, floats(value, shapes.get(key) ?? [])]),
          ),
        });
        expect(relativeError(numbers(result.output), unpack(entry.output))).toBeLessThan(1e-5);
        for (const [key, text] of Object.entries(entry.gradients)) {
          expect(relativeError(numbers(result[`gradient.${key}`]), unpack(text)), key).toBeLessThan(1e-5);
        }
        expect(relativeError(numbers(result['gradient.x']), unpack(entry.inputGradient))).toBeLessThan(1e-5);
      },
    );

    it.each(golden.graphs.map((entry) => [entry.name, entry] as const))('%s: two hundred steps', (name, entry) =>
      followLosses(graphModel(name), { kind: 'cross_entropy' }, 0.01, entry.losses, () => graphFeed, target),
    );

    it.each(golden.autoencoders.map((entry) => [entry.name, entry] as const))(
      '%s autoencoder: two hundred steps, with the same noise',
      (name, entry) => {
        const image = { kind: 'image', channels: 1, height: 8, width: 8 } as const;
        const common = { kind: 'vae', latent: 3, hidden: [16], beta: 0.5 } as const;
        const own = name === 'dense' ? ({ likelihood: 'gaussian' } as const) : { channels: [4, 8] };
        const model = buildModel({ ...common, ...own }, image, image);
        const dataOf = (step: number) => ({
          x: floats(fill(512, 1000 + ((step - 1) % 4)).map(Math.abs), [8, 1, 8, 8]),
        });
        return followLosses(model, { kind: 'module' }, 3e-3, entry.losses, dataOf, target);
      },
    );

    it('mixture of experts: two hundred steps', () => {
      const spec = { kind: 'mixture_of_experts', experts: 4, topK: 2, hidden: [5] } as const;
      const model = buildModel(spec, { kind: 'table', features: 6 }, { kind: 'classification', classes: 3 });
      const y = classIds(Array.from({ length: 16 }, (__, row) => (row * 7) % 3));
      const dataOf = (step: number) => ({ x: floats(fill(96, 1000 + ((step - 1) % 4)), [16, 6]), y });
      return followLosses(model, { kind: 'cross_entropy' }, 1e-2, golden.mixture.losses, dataOf, target);
    });
  },
);
