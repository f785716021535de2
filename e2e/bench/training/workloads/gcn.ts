import { buildModel } from '../../../../main/models/index.ts';
import type { StepData, Workload } from './workload.ts';
import { adamw, ids, noise } from './workload.ts';

/** The size of Cora (Sen et al. 2008): papers, words, and citations taken both ways. */
const NODES = 2708;
const WORDS = 1433;
const CITATIONS = 5278;

/** Distinct pairs of nodes in both directions; few nodes have many neighbours, as in a net of citations. */
function citations(): StepData {
  const known = new Set<number>();
  let state = 42;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  while (known.size < CITATIONS) {
    const [a, b] = [Math.floor(NODES * random() ** 2), Math.floor(NODES * random())];
    if (a !== b) known.add(Math.min(a, b) * NODES + Math.max(a, b));
  }
  const pairs = [...known].map((code) => [Math.floor(code / NODES), code % NODES] as const);
  const both = [...pairs, ...pairs.map(([a, b]) => [b, a] as const)];
  const data = BigInt64Array.from([...both.map(([from]) => from), ...both.map(([, to]) => to)], BigInt);
  return { dtype: 'int64', dims: [2, both.length], data };
}

export const gcn: Workload = {
  name: 'gcn',
  stepsPerRun: 16,
  model: buildModel(
    { kind: 'graph_network', convolution: 'gcn', hidden: [16] },
    { kind: 'graph', features: WORDS },
    { kind: 'classification', classes: 7 },
  ),
  loss: { kind: 'cross_entropy' },
  optimizer: adamw,
  data: { x: noise([NODES, WORDS]), edges: citations(), y: ids([NODES], 7) },
};
