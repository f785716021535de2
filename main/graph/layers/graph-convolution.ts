import {
  add,
  divide,
  gatherRows,
  gemm,
  maximum,
  multiply,
  reduceMean,
  reduceSum,
  relu,
  reshape,
  scale,
  scatterAddRows,
} from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { Tensor } from '../tensor.ts';
import { EDGES, edgeEnds, edgesWithLoops, inverseRootDegree } from './graph-edges.ts';
import { Linear } from './linear.ts';
import { Module } from './module.ts';
import type { Initializer } from './parameter.ts';
import { Parameter } from './parameter.ts';
import type { Trace } from './trace.ts';

/** Uniform within √(6 / (fanIn + fanOut)), after Glorot and Bengio (2010). */
const glorot = (fanIn: number, fanOut: number): Initializer => ({
  kind: 'uniform',
  bound: Math.sqrt(6 / (fanIn + fanOut)),
});

const ZERO: Initializer = { kind: 'constant', value: 0 };

/**
 * Graph convolution of Kipf and Welling (2017): x [N, in] → D̂^(−½)·(A + I)·D̂^(−½)·x·W + b, [N, out], over the model's
 * input `edges`, which must hold no edge from a node to itself. Weight [in, out], as Kipf has it: its gradient is then x transposed times a
 * narrow matrix, and runs of many steps over one graph turn x once.
 */
export class GCNConv extends Module {
  readonly kind = 'GCNConv';
  readonly weight: Parameter;
  readonly bias: Parameter;

  constructor(inFeatures: number, outFeatures: number) {
    super();
    this.weight = new Parameter([inFeatures, outFeatures], glorot(inFeatures, outFeatures));
    this.bias = new Parameter([outFeatures], ZERO);
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const edges = trace.input(EDGES);
    const { from, to } = edgeEnds(edges);
    const norm = inverseRootDegree(edges, x);
    // Scaling rows before and after costs nodes times features; a weight per edge would cost edges times features.
    const h = multiply(rowsTimes(x, trace.tensor(this.weight), false), norm);
    const sum = add(h.graph.apply('NeighborSum', [h, from, to]), h);
    return add(multiply(sum, norm), trace.tensor(this.bias));
  }

  override describe(): string {
    return `${this.weight.shape[0]} → ${this.weight.shape[1]}`;
  }
}

/** GraphSAGE of Hamilton et al. (2017) with the mean: W₁·mean(neighbours) + b + W₂·x; zero for nodes without edges. */
export class SAGEConv extends Module {
  readonly kind = 'SAGEConv';
  readonly neighbor: Linear;
  readonly self: Linear;

  constructor(inFeatures: number, outFeatures: number) {
    super();
    this.neighbor = new Linear(inFeatures, outFeatures);
    this.self = new Linear(inFeatures, outFeatures, { bias: false });
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const { from, to } = edgeEnds(trace.input(EDGES));
    const count = reshape(maximum(x.graph.apply('CountIds', [to, x]), x.graph.scalar(1)), [x.shape[0] ?? 1, 1]);
    const mean = divide(x.graph.apply('NeighborSum', [x, from, to]), count);
    return add(trace.run('neighbor', this.neighbor, mean), trace.run('self', this.self, x));
  }

  override describe(): string {
    return `${this.self.describe()}, mean`;
  }
}

export interface GATOptions {
  readonly heads?: number;
  /** `concat` puts the heads side by side, `mean` averages them. Default `concat`. */
  readonly join?: 'concat' | 'mean';
  /** Slope of the leaky rectifier below zero. Default 0.2. */
  readonly negativeSlope?: number;
}

/**
 * Graph attention of Veličković et al. (2018) over the model's input `edges` and a loop at each node: per head,
 * αᵤᵥ = softmax over u of LeakyReLU(a₁·h_u + a₂·h_v), out_v = Σ αᵤᵥ·h_u. Weight [heads·out, in], vectors [heads, out].
 */
export class GATConv extends Module {
  readonly kind = 'GATConv';
  readonly weight: Parameter;
  readonly attentionFrom: Parameter;
  readonly attentionTo: Parameter;
  readonly bias: Parameter;
  readonly #heads: number;
  readonly #features: number;
  readonly #join: 'concat' | 'mean';
  readonly #slope: number;

  /** @param outFeatures per head */
  constructor(inFeatures: number, outFeatures: number, options: GATOptions = {}) {
    super();
    const { heads = 1, join = 'concat', negativeSlope = 0.2 } = options;
    if (!Number.isInteger(heads) || heads < 1) {
      throw new GraphError('invalid-argument', `Attention needs one head or more, not ${heads}.`);
    }
    [this.#heads, this.#features, this.#join, this.#slope] = [heads, outFeatures, join, negativeSlope];
    this.weight = new Parameter([heads * outFeatures, inFeatures], glorot(inFeatures, heads * outFeatures));
    this.attentionFrom = new Parameter([heads, outFeatures], glorot(outFeatures, heads));
    this.attentionTo = new Parameter([heads, outFeatures], glorot(outFeatures, heads));
    this.bias = new Parameter([join === 'concat' ? heads * outFeatures : outFeatures], ZERO);
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const { from, to } = edgeEnds(edgesWithLoops(trace, x));
    const nodes = x.shape[0] ?? 1;
    const h = reshape(rowsTimes(x, trace.tensor(this.weight), true), [nodes, this.#heads, this.#features]);
    const toward = (vector: Parameter): Tensor => reduceSum(multiply(h, trace.tensor(vector)), [2]);
    const [fromScore, toScore] = [toward(this.attentionFrom), toward(this.attentionTo)];
    const scores = leaky(add(gatherRows(fromScore, from), gatherRows(toScore, to)), this.#slope);
    const weights = x.graph.apply('SegmentSoftmax', [scores, to, x]);
    const column = reshape(weights, [...weights.shape, 1]);
    const sum = scatterAddRows(multiply(gatherRows(h, from), column), to, x);
    const joined = this.#join === 'mean' ? reduceMean(sum, [1]) : reshape(sum, [nodes, this.#heads * this.#features]);
    return add(joined, trace.tensor(this.bias));
  }

  override describe(): string {
    return `${this.weight.shape[1]} → ${this.#features}, ${this.#heads} heads (${this.#join})`;
  }
}

/** [N, features] of nodes → [graphs, features], by the model's input `graphOf` int64 [N], whose ids run from 0 upwards. */
export class GraphPool extends Module {
  readonly kind = 'GraphPool';
  readonly #pooling: 'mean' | 'sum';

  constructor(pooling: 'mean' | 'sum') {
    super();
    this.#pooling = pooling;
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const ids = trace.input('graphOf');
    const sum = x.graph.apply('ScatterAddRows', [x, ids], { rows: 'graphs' });
    if (this.#pooling === 'sum') return sum;
    // Each graph has a node, or the next one's id would be larger than it may be: no division by zero with ids in use.
    const count = maximum(x.graph.apply('CountIds', [ids], { rows: 'graphs' }), x.graph.scalar(1));
    return divide(sum, reshape(count, ['graphs', 1]));
  }

  override describe(): string {
    return this.#pooling;
  }
}

const rowsTimes = (x: Tensor, weight: Tensor, transposed: boolean): Tensor => {
  const features = weight.shape[transposed ? 1 : 0];
  if (x.shape.length !== 2 || x.shape[1] !== features) {
    throw new GraphError('shape-mismatch', `A graph layer takes [nodes, ${features}], not [${x.shape}].`);
  }
  return gemm(x, weight, undefined, false, transposed);
};

const leaky = (x: Tensor, slope: number): Tensor => add(scale(x, slope), scale(relu(x), 1 - slope));
