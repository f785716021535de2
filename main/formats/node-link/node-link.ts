/** Graphs as node-link JSON: `{nodes: [...], links | edges: [{source, target}]}`, as networkx and d3 write them. */
import { readFile, stat } from 'node:fs/promises';
import type { Edges } from '../dataset-pack/annotations.ts';
import { FormatError } from '../format-error.ts';

const FORMAT = 'node-link';
const MAXIMUM_BYTES = 256 * 1024 * 1024;

export interface NodeLinkGraph {
  /** Attributes of each node; nested values as JSON. */
  readonly nodes: readonly Readonly<Record<string, string | number | boolean | null>>[];
  /** Both directions of an undirected edge; neither loops nor repetitions. */
  readonly edges: Edges;
  readonly directed: boolean;
  /** Sentences about what was left out. */
  readonly warnings: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

/** Whether a file is a JSON object with nodes and links. */
export async function isNodeLink(path: string): Promise<boolean> {
  return /\.json$/i.test(path) && (await parse(path)) !== undefined;
}

/** @throws FormatError wrong_magic, empty, bad_value with the place of the link */
export async function readNodeLink(path: string): Promise<NodeLinkGraph> {
  const graph = await parse(path);
  const fail = (reason: 'wrong_magic' | 'empty' | 'bad_value', what: string) =>
    new FormatError(FORMAT, reason, what, { path }, 'Write it with networkx.node_link_data or in the form of d3.');
  if (graph === undefined) throw fail('wrong_magic', 'The file holds no object with "nodes" and "links".');
  if (graph.nodes.length === 0) throw fail('empty', 'The graph has no nodes.');
  const places = new Map(graph.nodes.map((node, place) => [String(fields(node).id), place]));
  const named = graph.nodes.every((node) => fields(node).id !== undefined);
  const placeOf = (end: unknown, number: number): number => {
    const key = typeof end === 'object' && end !== null ? fields(end).id : end;
    const place = named ? places.get(String(key)) : typeof key === 'number' ? key : undefined;
    if (place !== undefined && graph.nodes[place] !== undefined) return place;
    throw fail('bad_value', `Link ${number} names the node ${JSON.stringify(key)}, which does not exist.`);
  };
  const pairs = new Set<number>();
  let loops = 0;
  graph.links.forEach((link, number) => {
    const [from, to] = [placeOf(fields(link).source, number), placeOf(fields(link).target, number)];
    if (from === to) loops++;
    else {
      pairs.add(from * graph.nodes.length + to);
      if (!graph.directed) pairs.add(to * graph.nodes.length + from);
    }
  });
  const sorted = [...pairs].sort((a, b) => a - b);
  return {
    nodes: graph.nodes.map(flat),
    directed: graph.directed,
    edges: {
      kind: 'edges',
      from: Int32Array.from(sorted, (pair) => Math.floor(pair / graph.nodes.length)),
      to: Int32Array.from(sorted, (pair) => pair % graph.nodes.length),
    },
    warnings: loops === 0 ? [] : [`${loops} links join a node to itself and were left out.`],
  };
}

async function parse(path: string) {
  const info = await stat(path);
  if (info.size > MAXIMUM_BYTES) return undefined;
  const text = await readFile(path, 'utf8');
  if (!/^\s*\{/.test(text)) return undefined;
  let value: Fields;
  try {
    value = fields(JSON.parse(text));
  } catch {
    // One object per line is a table.
    return undefined;
  }
  const links = value.links ?? value.edges;
  if (!Array.isArray(value.nodes) || !Array.isArray(links)) return undefined;
  return { nodes: value.nodes as unknown[], links: links as unknown[], directed: value.directed === true };
}

function flat(node: unknown): NodeLinkGraph['nodes'][number] {
  return Object.fromEntries(
    Object.entries(fields(node)).map(([name, value]) => [
      name,
      typeof value === 'object' && value !== null ? JSON.stringify(value) : (value as string | number | boolean | null),
    ]),
  );
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}
