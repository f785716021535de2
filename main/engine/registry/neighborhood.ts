import type { Edges } from '../../formats/dataset-pack/annotations.ts';

export interface Neighborhood {
  /** Numbers of nodes in the whole graph: first those asked about, then the others, the nearest first. */
  readonly nodes: readonly number[];
  /** Of the edges between them, places in `nodes`. */
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** The nodes from which others are reached in so many steps along the edges, and every edge between them. */
export function neighborhood({ from, to }: Edges, asked: readonly number[], hops: number): Neighborhood {
  const into = new Map<number, number[]>();
  to.forEach((node, edge) => {
    const edges = into.get(node);
    if (edges === undefined) into.set(node, [edge]);
    else edges.push(edge);
  });
  const places = new Map<number, number>();
  let border = new Set(asked);
  for (let hop = 0; border.size > 0; hop++) {
    for (const node of border) places.set(node, places.size);
    if (hop >= hops) break;
    const sources = [...border].flatMap((node) => into.get(node) ?? []).map((edge) => from[edge]);
    border = new Set(sources.filter((node) => !places.has(node)));
  }
  const nodes = [...places.keys()];
  const edges = nodes.flatMap((node) => (into.get(node) ?? []).filter((edge) => places.has(from[edge])));
  const placesOf = (ends: Int32Array) => edges.map((edge) => places.get(ends[edge]) as number);
  return { nodes, from: placesOf(from), to: placesOf(to) };
}
