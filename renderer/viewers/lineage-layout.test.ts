import { describe, expect, it } from 'vitest';
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
