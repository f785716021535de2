import { describe, expect, it } from 'vitest';
import type { ModelSummary } from '../../../main/contract/training.ts';
import { layOutArchitecture } from './architecture-layout.ts';
import { openAtFirst, readArchitecture, visibleGraph } from './architecture-tree.ts';

type Node = NonNullable<ModelSummary['flow']>['nodes'][number];

/** A chain of residual blocks of two layers and a sum each. */
function residuals(count: number): ModelSummary {
  const layers: ModelSummary['layers'] = [];
  const nodes: Node[] = [{ id: 'input.x', kind: 'input', title: 'x', parent: null, layer: null, shape: ['N', 8] }];
  const edges: NonNullable<ModelSummary['flow']>['edges'] = [];
  const layer = (kind: string, parent: string | null): string => {
    const id = `layer.${layers.length}`;
    nodes.push({ id, kind: 'layer', title: kind, parent, layer: layers.length, shape: ['N', 8] });
    layers.push({ name: id, kind, description: '', outputShape: ['N', 8], parameters: 72, flops: 144 });
    return id;
  };
  const connect = (from: string, to: string) => edges.push({ from, to, shape: ['N', 8] });
  let last = 'input.x';
  for (let block = 0; block < count; block += 1) {
    const residual = layer('Residual', null);
    const [first, second, sum] = [layer('Linear', residual), layer('Linear', residual), `operator.${block}`];
    nodes.push({ id: sum, kind: 'operator', title: 'Add', parent: residual, layer: null, shape: ['N', 8] });
    connect(last, first);
    connect(first, second);
    connect(second, sum);
    connect(last, sum);
    last = sum;
  }
  nodes.push({ id: 'output', kind: 'output', title: 'output', parent: null, layer: null, shape: ['N', 8] });
  connect(last, 'output');
  return { layers, flow: { nodes, edges }, parameters: 0, flops: 0, memoryBytes: 0 };
}

describe('the architecture view', () => {
  it('takes equal neighbours together, and leaves different ones apart', () => {
    expect(readArchitecture(residuals(24)).roots.map(({ title }) => title)).toEqual(['x', 'Residual × 24', 'output']);
    expect(readArchitecture(residuals(2)).roots).toHaveLength(4);
    const uneven = residuals(4);
    uneven.layers[4] = { ...(uneven.layers[4] as ModelSummary['layers'][number]), parameters: 7 };
    expect(readArchitecture(uneven).roots.map(({ title }) => title)).not.toContain('Residual × 4');
  });

  it('draws edges between what is seen: a closed block stands for all that it holds', () => {
    const architecture = readArchitecture(residuals(2));
    const closed = visibleGraph(architecture, new Set());
    expect(closed.edges.map(({ from, to }) => `${from} ${to}`)).toEqual([
      'input.x layer.0',
      'layer.0 layer.3',
      'layer.3 output',
    ]);
    const open = visibleGraph(architecture, new Set(['layer.0']));
    expect(open.edges.map(({ from, to }) => `${from} ${to}`)).toContain('input.x operator.0');
    expect(open.leaves.map(({ id }) => id)).not.toContain('layer.0');
  });

  it('opens what fits at first, but no stack', () => {
    expect([...openAtFirst(readArchitecture(residuals(2)))]).toEqual(['layer.0', 'layer.3']);
    expect([...openAtFirst(readArchitecture(residuals(24)))]).toEqual([]);
  });

  it('places every block below what it reads, inside the frames of its containers, apart from all others', () => {
    const architecture = readArchitecture(residuals(5));
    const everything = new Set([...architecture.blocks.values()].map(({ id }) => id));
    const graph = visibleGraph(architecture, everything);
    const { leaves, containers, edges } = layOutArchitecture(graph);
    const boxOf = new Map([...leaves, ...containers].map((placed) => [placed.block.id, placed]));
    expect(edges).toHaveLength(graph.edges.length);
    for (const { from, to } of graph.edges)
      expect(boxOf.get(from)?.y).toBeLessThan(boxOf.get(to)?.y ?? Number.NEGATIVE_INFINITY);
    for (const { block, x, y, width, height } of leaves) {
      const frame = boxOf.get(block.parent?.id ?? '');
      if (frame === undefined) continue;
      expect(x).toBeGreaterThanOrEqual(frame.x);
      expect(x + width).toBeLessThanOrEqual(frame.x + frame.width);
      expect(y).toBeGreaterThanOrEqual(frame.y);
      expect(y + height).toBeLessThanOrEqual(frame.y + frame.height);
    }
    for (const [index, a] of leaves.entries())
      for (const b of leaves.slice(index + 1))
        expect(a.x >= b.x + b.width || b.x >= a.x + a.width || a.y >= b.y + b.height || b.y >= a.y + a.height).toBe(
          true,
        );
  });
});
