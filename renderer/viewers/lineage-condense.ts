import type { Lineage } from '../../main/contract/registry.ts';

export interface CondensedLineage {
  readonly lineage: Lineage;
  /** Nodes left out, for the line that says so. */
  readonly hiddenCount: number;
}

type Node = Lineage['nodes'][number];
type Edge = Lineage['edges'][number];

/** Kinds that an approver or auditor looks for: the way to them is never shortened away. */
const results: ReadonlySet<Node['kind']> = new Set(['model_version', 'bundle', 'deployment']);
const sideBranchesShown = 5;

/**
 * A lineage fit to be read. Label sets have a version per change: those in between that nothing else used are skipped.
 * Of many side branches of one kind (runs that led to no model) only the first few stay.
 */
export function condenseLineage(full: Lineage, focus: string | undefined): CondensedLineage {
  const shortened = skipLabelVersions(full, focus);
  const kept = dropSideBranches(shortened, focus);
  return { lineage: kept, hiddenCount: full.nodes.length - kept.nodes.length };
}

function skipLabelVersions({ nodes, edges }: Lineage, focus: string | undefined): Lineage {
  const kind = new Map(nodes.map((node) => [node.digest, node.kind]));
  const into = groupBy(edges, (edge) => edge.to);
  const out = groupBy(edges, (edge) => edge.from);
  const skipped = new Set<string>();
  for (const { digest } of nodes) {
    const next = out.get(digest) ?? [];
    const inBetween =
      kind.get(digest) === 'label_set' &&
      digest !== focus &&
      (into.get(digest) ?? []).length <= 1 &&
      next.length === 1 &&
      kind.get(next[0]?.to ?? '') === 'label_set';
    if (inBetween) skipped.add(digest);
  }
  const source = (digest: string): string | undefined =>
    skipped.has(digest) ? source((into.get(digest) ?? [])[0]?.from ?? '') : digest === '' ? undefined : digest;
  return {
    nodes: nodes.filter((node) => !skipped.has(node.digest)),
    edges: edges.flatMap((edge) => {
      if (skipped.has(edge.to)) return [];
      const from = source(edge.from);
      return from === undefined ? [] : [{ ...edge, from }];
    }),
  };
}

function dropSideBranches({ nodes, edges }: Lineage, focus: string | undefined): Lineage {
  const upstream = groupBy(edges, (edge) => edge.to);
  const downstream = groupBy(edges, (edge) => edge.from);
  const wanted = nodes.filter((node) => results.has(node.kind) || node.digest === focus).map((node) => node.digest);
  const essential = reach(wanted, (digest) => (upstream.get(digest) ?? []).map((edge) => edge.from));
  const shown = new Map<string, number>();
  const dropped = new Set<string>();
  for (const node of nodes) {
    if (essential.has(node.digest) || node.kind === 'checkpoint') continue;
    const count = (shown.get(node.kind) ?? 0) + 1;
    shown.set(node.kind, count);
    if (count <= sideBranchesShown) continue;
    const branch = reach([node.digest], (digest) => (downstream.get(digest) ?? []).map((edge) => edge.to));
    for (const digest of branch) if (!essential.has(digest)) dropped.add(digest);
  }
  return {
    nodes: nodes.filter((node) => !dropped.has(node.digest)),
    edges: edges.filter((edge) => !dropped.has(edge.from) && !dropped.has(edge.to)),
  };
}

function reach(start: readonly string[], next: (digest: string) => readonly string[]): ReadonlySet<string> {
  const found = new Set(start);
  const waiting = [...start];
  for (let digest = waiting.pop(); digest !== undefined; digest = waiting.pop())
    for (const neighbour of next(digest))
      if (!found.has(neighbour)) {
        found.add(neighbour);
        waiting.push(neighbour);
      }
  return found;
}

function groupBy(edges: readonly Edge[], key: (edge: Edge) => string): ReadonlyMap<string, readonly Edge[]> {
  const groups = new Map<string, Edge[]>();
  for (const edge of edges) groups.set(key(edge), [...(groups.get(key(edge)) ?? []), edge]);
  return groups;
}
