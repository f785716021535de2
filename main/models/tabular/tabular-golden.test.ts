import { describe, expect, it } from 'vitest';
import { compileGradients, initializeParameters } from '../../graph/index.ts';
import { classIds, floats, numbers, relativeError, runOnce } from '../../graph/run-onnx.test-support.ts';
import { buildModel } from '../build-model.ts';
import { fill, followLosses, hashedWeights, readGolden, unpack } from '../golden.test-support.ts';
import type { InputSignature } from '../specification.ts';
import { labelOf, localTargets } from '../targets.test-support.ts';

interface Golden {
  readonly batch: number;
  readonly classes: number;
  /** Rows of the embedding of each column; 0 = a number. */
  readonly columns: readonly number[];
  readonly width: number;
  readonly hidden: number;
  readonly models: readonly {
    readonly kind: 'embedding_mlp' | 'wide_and_deep';
    readonly output: string;
    readonly gradients: Readonly<Record<string, string>>;
    readonly losses: readonly number[];
  }[];
}

const golden = readGolden<Golden>('tabular.json');
const { batch, classes, columns } = golden;
const targets = await localTargets();
const input: InputSignature = {
  kind: 'table',
  features: columns.length,
  columns: columns.map((rows, place) =>
    rows === 0 ? { kind: 'number' } : { kind: 'category', name: `column ${place}`, rows },
  ),
};
const y = classIds(Array.from({ length: batch }, (_, row) => (row * 7) % classes));

/** The twin of `table` in tabular.py. */
function feedOf(step: number) {
  const turn = (step - 1) % 4;
  const x = fill(batch * columns.length, 1000 + turn).map((value, index) => {
    const [row, place] = [Math.floor(index / columns.length), index % columns.length];
    const rows = columns[place] ?? 0;
    return rows === 0 ? value : (row * (place + 2) + turn) % rows;
  });
  return { x: floats(x, [batch, columns.length]), y };
}

const modelOf = (kind: 'embedding_mlp' | 'wide_and_deep') => {
  const { width: embedding, hidden } = golden;
  const deep = { embedding, hidden: [hidden] };
  const spec =
    kind === 'embedding_mlp' ? { kind, ...deep } : { kind, ...deep, crosses: [['column 1', 'column 4'] as const] };
  return buildModel(spec, input, { kind: 'classification', classes });
};

describe.each(targets.map((target) => [labelOf(target), target] as const))(
  'networks over tables with categories against PyTorch, lowered for %s',
  (_, target) => {
    it.each(golden.models.map((entry) => [entry.kind, entry] as const))(
      '%s: output and gradients',
      async (kind, entry) => {
        const model = modelOf(kind);
        const weights = hashedWeights(model);
        expect(Object.keys(weights)).toEqual(Object.keys(entry.gradients));
        const shapes = new Map(model.module.namedParameters().map(([key, { shape }]) => [key, shape]));
        const result = await runOnce(compileGradients(model, { loss: { kind: 'cross_entropy' }, target }), {
          ...feedOf(1),
          ...Object.fromEntries(
            Object.entries(weights).map(([key, value]) => [key, floats(value, shapes.get(key) ?? [])]),
          ),
        });
        expect(relativeError(numbers(result.output), unpack(entry.output))).toBeLessThan(1e-5);
        for (const [key, text] of Object.entries(entry.gradients))
          expect(relativeError(numbers(result[`gradient.${key}`]), unpack(text)), key).toBeLessThan(1e-5);
      },
    );

    it.each(golden.models.map((entry) => [entry.kind, entry] as const))('%s: two hundred steps', (kind, entry) =>
      followLosses(modelOf(kind), { kind: 'cross_entropy' }, 0.01, entry.losses, feedOf, target),
    );
  },
);

describe('networks over tables with categories', () => {
  it('begin with nothing said of what is unknown, and with a wide part that says nothing', () => {
    const { module } = modelOf('wide_and_deep');
    const values = initializeParameters(module, 3);
    expect(values['wide.table.weight']?.every((value) => value === 0)).toBe(true);
    const vectors = values['deep.layers.0.embeddings.0.weight'] ?? new Float32Array();
    expect([...vectors.slice(0, golden.width)]).toEqual(Array(golden.width).fill(0));
    expect(vectors.slice(golden.width).every((value) => value !== 0)).toBe(true);
  });

  it('give a column of many categories longer vectors', () => {
    const of = (rows: number) =>
      buildModel(
        { kind: 'embedding_mlp', hidden: [] },
        { kind: 'table', features: 1, columns: [{ kind: 'category', name: 'c', rows }] },
        { kind: 'regression', outputs: 1 },
      ).summary.layers.find(({ kind }) => kind === 'Embedding')?.description;
    expect(of(4)).toBe('4 × 3');
    expect(of(226)).toBe('226 × 33');
  });

  it('refuse tables of numbers, pictures, and crosses of what is no category', () => {
    const output = { kind: 'classification', classes: 2 } as const;
    const spec = { kind: 'wide_and_deep', hidden: [4] } as const;
    expect(() => buildModel(spec, { kind: 'table', features: 2 }, output)).toThrow('an mlp reads numbers');
    expect(() => buildModel(spec, { kind: 'image', channels: 1, height: 2, width: 2 }, output)).toThrow('image');
    expect(() => buildModel({ ...spec, crosses: [['column 1', 'column 2']] }, input, output)).toThrow(
      'column 2 is no column of categories to cross; there are column 1, column 4.',
    );
  });
});
