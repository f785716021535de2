import type { ArchitectureEdge, ArchitectureNode, ModelSummary } from '../../../main/contract/training.ts';

type Layer = ModelSummary['layers'][number];

/** A block of the picture: a traced node, or equal blocks one after the other taken together. */
export interface Block {
  readonly id: string;
  readonly kind: ArchitectureNode['kind'] | 'stack';
  readonly title: string;
  /** What it is shown in. */
  parent: Block | null;
  readonly children: Block[];
  /** Path in the model, such as `layers.3`. */
  readonly name: string;
  readonly description: string;
  readonly parameters: number;
  readonly flops: number;
  /** Of what it yields. */
  readonly shape: ArchitectureNode['shape'];
}

export interface Architecture {
  /** The blocks at the top, in execution order. */
  readonly roots: readonly Block[];
  readonly blocks: ReadonlyMap<string, Block>;
  readonly edges: readonly ArchitectureEdge[];
}

export interface VisibleGraph {
  /** Blocks without open children, in execution order. */
  readonly leaves: readonly Block[];
  /** Open containers, parents first. */
  readonly open: readonly Block[];
  readonly edges: readonly ArchitectureEdge[];
}

/** So many equal blocks in a row become one stack. */
const stackFrom = 3;
/** Containers are opened at first as long as no more than so many blocks stand there. */
const blocksAtFirst = 26;

/** The traced nodes as a tree, equal neighbours stacked. */
export function readArchitecture({ flow, layers }: ModelSummary): Architecture {
  const blocks = new Map<string, Block>();
  const roots: Block[] = [];
  for (const node of flow?.nodes ?? []) {
    const parent = node.parent === null ? null : (blocks.get(node.parent) ?? null);
    const block = blockOf(node, parent, node.layer === null ? undefined : layers[node.layer]);
    blocks.set(node.id, block);
    (parent?.children ?? roots).push(block);
  }
  const edges = flow?.edges ?? [];
  const all = { roots, blocks, edges };
  const lists = [roots, ...[...blocks.values()].map(({ children }) => children)];
  for (const list of lists) stackEqual(list, all);
  return all;
}

/** The containers that are open at first, the outer ones before the inner. */
export function openAtFirst({ roots }: Architecture): ReadonlySet<string> {
  const open = new Set<string>();
  let shown = roots.length;
  const queue = [...roots];
  for (let block = queue.shift(); block !== undefined; block = queue.shift()) {
    const { children } = block;
    if (children.length === 0 || block.kind === 'stack' || shown - 1 + children.length > blocksAtFirst) continue;
    open.add(block.id);
    shown += children.length - 1;
    queue.push(...children);
  }
  return open;
}

/** What is seen when the given containers are open; edges go between what is seen. */
export function visibleGraph({ roots, blocks, edges }: Architecture, opened: ReadonlySet<string>): VisibleGraph {
  const leaves: Block[] = [];
  const open: Block[] = [];
  const standsFor = new Map<string, string>();
  const assign = (block: Block, leaf: string): void => {
    standsFor.set(block.id, leaf);
    for (const child of block.children) assign(child, leaf);
  };
  const visit = (block: Block): void => {
    if (block.children.length > 0 && opened.has(block.id)) {
      open.push(block);
      block.children.forEach(visit);
    } else {
      leaves.push(block);
      assign(block, block.id);
    }
  };
  roots.forEach(visit);
  const seen = new Map<string, ArchitectureEdge>();
  for (const edge of edges) {
    const [from, to] = [standsFor.get(edge.from), standsFor.get(edge.to)];
    if (from === undefined || to === undefined || from === to || !blocks.has(from)) continue;
    const key = `${from} ${to}`;
    if (!seen.has(key)) seen.set(key, { from, to, shape: edge.shape });
  }
  return { leaves, open, edges: [...seen.values()] };
}

export const shapeText = (shape: readonly (number | string)[]): string => shape.join(' × ');

function blockOf(node: ArchitectureNode, parent: Block | null, layer: Layer | undefined): Block {
  return {
    id: node.id,
    kind: node.kind,
    title: node.title,
    parent,
    children: [],
    name: layer?.name ?? '',
    description: layer?.description ?? '',
    parameters: layer?.parameters ?? 0,
    flops: layer?.flops ?? 0,
    shape: node.shape,
  };
}

/** Replaces rows of equal containers, each reading the one before, by a stack that holds them. */
function stackEqual(list: Block[], { blocks, edges }: Omit<Architecture, 'blocks'> & { blocks: Map<string, Block> }) {
  const inside = (id: string, container: Block): boolean => {
    for (let block = blocks.get(id) ?? null; block !== null; block = block.parent) if (block === container) return true;
    return false;
  };
  const follows = (before: Block, after: Block): boolean =>
    edges.some(({ from, to }) => inside(from, before) && inside(to, after));
  for (let start = 0; start < list.length; start += 1) {
    const first = list[start] as Block;
    if (first.children.length === 0) continue;
    const signature = signatureOf(first);
    let end = start + 1;
    while (
      end < list.length &&
      signatureOf(list[end] as Block) === signature &&
      follows(list[end - 1] as Block, list[end] as Block)
    )
      end += 1;
    const count = end - start;
    if (count < stackFrom) continue;
    const members = list.slice(start, end);
    const last = members.at(-1) as Block;
    const stack: Block = {
      ...first,
      id: `stack.${first.id}`,
      kind: 'stack',
      title: `${first.title} × ${count}`,
      name: `${first.name} … ${last.name}`,
      children: [],
      parameters: members.reduce((sum, { parameters }) => sum + parameters, 0),
      flops: members.reduce((sum, { flops }) => sum + flops, 0),
      shape: last.shape,
    };
    for (const member of members) {
      member.parent = stack;
      stack.children.push(member);
    }
    blocks.set(stack.id, stack);
    list.splice(start, count, stack);
  }
}

function signatureOf(block: Block): string {
  const { title, description, parameters, shape, children } = block;
  return `${title} ${description} ${parameters} ${shapeText(shape)} (${children.map(signatureOf).join()})`;
}
