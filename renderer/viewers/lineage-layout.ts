import type { Lineage } from '../../main/contract/registry.ts';

export type LineageNode = Lineage['nodes'][number];

export interface PlacedNode {
  readonly node: LineageNode;
  readonly column: number;
  readonly row: number;
}

export interface LineageLayout {
  readonly placed: readonly PlacedNode[];
  readonly columns: number;
  readonly rows: number;
}

/**
 * Places the nodes of a lineage in columns: every node right of all it came from (longest path), rows in each column
 * ordered by the mean row of what they came from, so that few edges cross.
 */
export function layOutLineage(lineage: Lineage): LineageLayout {
  const known = new Map(lineage.nodes.map((node) => [node.digest, node]));
  const edges = lineage.edges.filter((edge) => known.has(edge.from) && known.has(edge.to));
  const columnOf = new Map<string, number>();
  const visiting = new Set<string>();
  const column = (digest: string): number => {
    const done = columnOf.get(digest);
    if (done !== undefined) return done;
    // Digests cannot form a circle; a damaged record must not hang the window all the same.
    if (visiting.has(digest)) return 0;
    visiting.add(digest);
    const sources = edges.filter((edge) => edge.to === digest).map((edge) => column(edge.from));
    const value = sources.length === 0 ? 0 : Math.max(...sources) + 1;
    visiting.delete(digest);
    columnOf.set(digest, value);
    return value;
  };
  for (const node of lineage.nodes) column(node.digest);

  const columns = Math.max(0, ...columnOf.values()) + 1;
  const rowOf = new Map<string, number>();
  const placed: PlacedNode[] = [];
  let rows = 0;
  for (let current = 0; current < columns; current += 1) {
    const members = lineage.nodes
      .filter((node) => columnOf.get(node.digest) === current)
      .map((node, order) => ({ node, wish: meanRow(node.digest, edges, rowOf) ?? order }))
      .sort((a, b) => a.wish - b.wish);
    for (const [row, { node }] of members.entries()) {
      rowOf.set(node.digest, row);
      placed.push({ node, column: current, row });
    }
    rows = Math.max(rows, members.length);
  }
  return { placed, columns: lineage.nodes.length === 0 ? 0 : columns, rows };
}

function meanRow(digest: string, edges: Lineage['edges'], rowOf: ReadonlyMap<string, number>): number | null {
  const rows = edges.filter((edge) => edge.to === digest).flatMap((edge) => rowOf.get(edge.from) ?? []);
  return rows.length === 0 ? null : rows.reduce((sum, row) => sum + row, 0) / rows.length;
}
