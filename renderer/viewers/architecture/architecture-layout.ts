import { Graph, layout } from '@dagrejs/dagre';
import type { Block, VisibleGraph } from './architecture-tree.ts';
import { shapeText } from './architecture-tree.ts';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface PlacedBlock extends Box {
  readonly block: Block;
  /** Containers whose children are shown; how deep they lie in others. */
  readonly depth: number;
}

export interface PlacedEdge {
  readonly id: string;
  readonly path: string;
  /** The shape of what flows, said once per source. */
  readonly label: { readonly text: string; readonly x: number; readonly y: number } | null;
  /** It passes by other blocks. */
  readonly skip: boolean;
}

export interface ArchitectureLayout {
  readonly width: number;
  readonly height: number;
  readonly leaves: readonly PlacedBlock[];
  readonly containers: readonly PlacedBlock[];
  readonly edges: readonly PlacedEdge[];
}

interface Point {
  readonly x: number;
  readonly y: number;
}

const layerSize = { width: 226, height: 46 };
const operatorSize = { width: 92, height: 26 };
const endSize = { width: 120, height: 30 };
const rankGapPx = 34;
const frameGapPx = 9;
const blockGapPx = 28;
const edgeGapPx = 18;
const marginPx = 24;
const containerPaddingPx = 12;
const containerTitlePx = 24;
const bendPx = 10;

/** Places blocks from top to bottom in the order of the data (Sugiyama et al. 1981, by dagre), containers around them. */
export function layOutArchitecture({ leaves, open, edges }: VisibleGraph): ArchitectureLayout {
  // Frames need room for their titles where they begin.
  const ranksep = rankGapPx + frameGapPx * Math.max(0, ...open.map((block) => depthOf(block) + 1));
  const graph = new Graph({ compound: true, multigraph: false });
  graph.setGraph({
    rankdir: 'TB',
    ranksep,
    nodesep: blockGapPx,
    edgesep: edgeGapPx,
    marginx: 0,
    marginy: 0,
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const block of open) graph.setNode(block.id, {});
  for (const block of leaves) graph.setNode(block.id, { ...sizeOf(block) });
  for (const block of [...open, ...leaves]) if (block.parent !== null) graph.setParent(block.id, block.parent.id);
  for (const { from, to } of edges) graph.setEdge(from, to, {});
  layout(graph);

  const boxes = new Map<string, Box>();
  for (const block of leaves) {
    const { width, height } = sizeOf(block);
    const place = graph.node(block.id) as Point;
    boxes.set(block.id, { x: place.x - width / 2, y: place.y - height / 2, width, height });
  }
  // Inner containers first: each lies around what it holds.
  for (const block of [...open].reverse())
    boxes.set(block.id, around(block.children.map(({ id }) => boxes.get(id) as Box)));
  const paths = edges.map((edge) => ({ edge, points: (graph.edge(edge.from, edge.to) as { points: Point[] }).points }));
  const all = [
    ...boxes.values(),
    ...paths.flatMap(({ points }) => points.map(({ x, y }) => ({ x, y, width: 0, height: 0 }))),
  ];
  const left = Math.min(0, ...all.map(({ x }) => x)) - marginPx;
  const top = Math.min(0, ...all.map(({ y }) => y)) - marginPx;
  const moved = (block: Block): PlacedBlock => {
    const box = boxes.get(block.id) as Box;
    return { ...box, block, depth: depthOf(block), x: box.x - left, y: box.y - top };
  };
  const said = new Set<string>();
  return {
    width: Math.max(0, ...all.map(({ x, width }) => x + width)) - left + marginPx,
    height: Math.max(0, ...all.map(({ y, height }) => y + height)) - top + marginPx,
    leaves: leaves.map(moved),
    containers: open.map(moved),
    edges: paths.map(({ edge, points }) => {
      const shifted = points.map(({ x, y }) => ({ x: x - left, y: y - top }));
      const text = shapeText(edge.shape);
      const key = `${edge.from} ${text}`;
      const spoken = said.has(key);
      said.add(key);
      const end = shifted.at(-1) as Point;
      return {
        id: `${edge.from} ${edge.to}`,
        path: rounded(shifted),
        skip: passesBy(
          boxes.get(edge.from) as Box,
          boxes.get(edge.to) as Box,
          leaves.map(({ id }) => boxes.get(id) as Box),
        ),
        label: spoken ? null : { text, x: end.x + 6, y: end.y - 11 },
      };
    }),
  };
}

function sizeOf({ kind }: Block): { readonly width: number; readonly height: number } {
  if (kind === 'operator') return operatorSize;
  return kind === 'input' || kind === 'output' ? endSize : layerSize;
}

/** Whether any block lies between the two, from top to bottom. */
const passesBy = (from: Box, to: Box, blocks: readonly Box[]): boolean =>
  blocks.some(({ y, height }) => y >= from.y + from.height && y + height <= to.y);

function depthOf(block: Block): number {
  let depth = 0;
  for (let above = block.parent; above !== null; above = above.parent) depth += 1;
  return depth;
}

function around(boxes: readonly Box[]): Box {
  const x = Math.min(...boxes.map((box) => box.x)) - containerPaddingPx;
  const y = Math.min(...boxes.map((box) => box.y)) - containerPaddingPx - containerTitlePx;
  return {
    x,
    y,
    width: Math.max(...boxes.map((box) => box.x + box.width)) + containerPaddingPx - x,
    height: Math.max(...boxes.map((box) => box.y + box.height)) + containerPaddingPx - y,
  };
}

/** A line through the points with its corners rounded. */
function rounded(points: readonly Point[]): string {
  const [first, ...rest] = points as readonly [Point, ...Point[]];
  return rest.reduce((path, point, index) => {
    const before = points[index] as Point;
    const after = points[index + 2];
    if (after === undefined) return `${path} L${point.x},${point.y}`;
    const start = towards(point, before);
    const end = towards(point, after);
    return `${path} L${start.x},${start.y} Q${point.x},${point.y} ${end.x},${end.y}`;
  }, `M${first.x},${first.y}`);
}

function towards(from: Point, to: Point): Point {
  const distance = Math.hypot(to.x - from.x, to.y - from.y);
  const share = distance === 0 ? 0 : Math.min(0.5, bendPx / distance);
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}
