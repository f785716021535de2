import { expect, it } from 'vitest';
import { Dropout, Residual, Sequential } from '../layers/container.ts';
import { Linear } from '../layers/linear.ts';
import { TransformerEncoderLayer } from '../layers/transformer.ts';
import { summarize } from './summary.ts';

it('tells nesting, operators that join, and edges with their shapes', () => {
  const body = new Sequential([new Linear(4, 4), new Dropout(0.5)]);
  const { flow, layers } = summarize({
    module: new Sequential([new Residual(body), new Linear(4, 2)]),
    inputShape: [4],
  });
  expect(layers.map(({ kind }) => kind)).toEqual(['Residual', 'Sequential', 'Linear', 'Dropout', 'Linear']);
  const parentOf = new Map(flow.nodes.map(({ id, parent }) => [id, parent]));
  expect(parentOf.get('layer.0')).toBeNull();
  expect(parentOf.get('layer.1')).toBe('layer.0');
  expect(parentOf.get('layer.3')).toBe('layer.1');
  const sum = flow.nodes.find(({ title }) => title === 'Add');
  expect(sum).toMatchObject({ kind: 'operator', parent: 'layer.0', shape: ['batch', 4] });
  // Dropout hands its input on untouched in evaluation and stands in the way all the same.
  expect(flow.edges.map(({ from, to }) => `${from} ${to}`).sort()).toEqual(
    [
      'input.x layer.2',
      'layer.2 layer.3',
      `layer.3 ${sum?.id}`,
      `input.x ${sum?.id}`,
      `${sum?.id} layer.4`,
      'layer.4 output',
    ].sort(),
  );
  expect(flow.edges.find(({ to }) => to === 'output')?.shape).toEqual(['batch', 2]);
});

it('shows both skips of a transformer layer', () => {
  const { flow } = summarize({
    module: new TransformerEncoderLayer({ width: 8, heads: 2, feedForward: 16 }),
    inputShape: [3, 8],
  });
  const sums = flow.nodes.filter(({ title, parent }) => title === 'Add' && parent === null);
  expect(sums).toHaveLength(2);
  for (const { id } of sums) expect(flow.edges.filter(({ to }) => to === id)).toHaveLength(2);
});
