import { describe, expect, it } from 'vitest';
import { condenseLineage } from './lineage-condense.ts';
import { layOutLineage } from './lineage-layout.ts';

const node = (digest: string) => ({ digest, kind: 'run' as const, title: digest });
const edge = (from: string, to: string) => ({ from, to, relation: 'used' });

describe('lineage layout', () => {
  it('puts every node right of all it came from', () => {
    const layout = layOutLineage({
      nodes: ['version', 'data', 'run', 'config'].map(node),
      edges: [edge('data', 'run'), edge('config', 'run'), edge('run', 'version'), edge('data', 'version')],
    });
    const column = Object.fromEntries(layout.placed.map((entry) => [entry.node.digest, entry.column]));
    expect(column).toEqual({ data: 0, config: 0, run: 1, version: 2 });
    expect(layout.columns).toBe(3);
    expect(layout.rows).toBe(2);
  });

  it('ignores edges to what is not shown and survives a circle', () => {
    expect(layOutLineage({ nodes: [node('a')], edges: [edge('x', 'a')] }).columns).toBe(1);
    expect(
      layOutLineage({ nodes: [node('a'), node('b')], edges: [edge('a', 'b'), edge('b', 'a')] }).placed,
    ).toHaveLength(2);
    expect(layOutLineage({ nodes: [], edges: [] })).toEqual({ placed: [], columns: 0, rows: 0 });
  });
});

describe('condensed lineage', () => {
  const labels = (digest: string) => ({ digest, kind: 'label_set' as const, title: digest });

  it('skips label versions in between, keeps the newest and those that a run used', () => {
    const { lineage, hiddenCount } = condenseLineage(
      {
        nodes: [
          { digest: 'data', kind: 'dataset', title: 'd' },
          ...['l0', 'l1', 'l2', 'l3', 'l4'].map(labels),
          node('run'),
        ],
        edges: [
          edge('data', 'l0'),
          edge('l0', 'l1'),
          edge('l1', 'l2'),
          edge('l2', 'l3'),
          edge('l3', 'l4'),
          edge('l2', 'run'),
        ],
      },
      undefined,
    );
    expect(lineage.nodes.map((entry) => entry.digest)).toEqual(['data', 'l2', 'l4', 'run']);
    expect(lineage.edges.map(({ from, to }) => `${from}>${to}`)).toEqual(['data>l2', 'l2>l4', 'l2>run']);
    expect(hiddenCount).toBe(3);
  });

  it('keeps every way to a model and the focus, and only some of the other runs', () => {
    const runs = Array.from({ length: 40 }, (_, number) => node(`run${number}`));
    const { lineage, hiddenCount } = condenseLineage(
      {
        nodes: [...runs, { digest: 'model', kind: 'model_version', title: 'm v1' }],
        edges: [edge('run39', 'model')],
      },
      'run20',
    );
    const digests = lineage.nodes.map((entry) => entry.digest);
    expect(digests).toEqual(['run0', 'run1', 'run2', 'run3', 'run4', 'run20', 'run39', 'model']);
    expect(hiddenCount).toBe(33);
  });
});
