import { BATCH } from '../dimension.ts';
import {
  add,
  divide,
  gemm,
  maximum,
  multiply,
  reduceMax,
  reduceMin,
  reduceSum,
  relu,
  scale,
  shift,
  squareRoot,
  stopGradient,
  subtract,
  transpose,
  unitRows,
} from '../expression.ts';
import type { Graph, Tensor } from '../tensor.ts';
import type { LossRow } from './loss-row.ts';
import { requireRank } from './loss-row.ts';

/**
 * Losses of embeddings [batch, features] that shall lie close together within a group and apart between groups. `y` is
 * int64 [batch]: the group of each row, such as the image that two views were made of.
 */
export type ContrastiveLossSpec =
  /**
   * Softmax over cosine similarities to all other rows (InfoNCE, van den Oord et al. 2018): NT-Xent of SimCLR (Chen et
   * al. 2020) with two rows per group, its supervised form (Khosla et al. 2020, “out”) with more. Rows without a partner
   * do not count.
   */
  | { readonly kind: 'info_nce'; readonly temperature?: number }
  /**
   * The mean of max(0, margin + |anchor − positive| − |anchor − negative|) over triplets of the batch. `mining` says which:
   * `all` of them, the satisfied ones too; `semi_hard`, those whose negative is farther than the positive but by less
   * than the margin (Schroff et al. 2015); `hard`, of every anchor the farthest positive with the nearest negative
   * (Hermans et al. 2017). Default: `all`.
   */
  | { readonly kind: 'triplet'; readonly margin?: number; readonly mining?: TripletMining };

export type TripletMining = 'all' | 'semi_hard' | 'hard';

type Row<Kind extends ContrastiveLossSpec['kind']> = LossRow<Extract<ContrastiveLossSpec, { kind: Kind }>>;

const groups = (graph: Graph, output: Tensor): Tensor => {
  requireRank(output, 2, '[batch, features]');
  return graph.input('y', 'int64', [BATCH]);
};

/** Keeps the slope of a square root finite where a row meets itself. */
const SMALLEST_SQUARE = 1e-12;
/** What takes a row's similarity to itself out of a softmax. */
const NEVER = -1e9;

export const contrastiveLosses: { readonly [Kind in ContrastiveLossSpec['kind']]: Row<Kind> } = {
  info_nce: {
    target: groups,
    build: (output, y, { temperature = 0.5 }) => {
      const { graph } = output;
      const [partners, itself] = graph.applyAll('PairMasks', [y]) as readonly [Tensor, Tensor];
      const unit = unitRows(output);
      const similarity = scale(gemm(unit, unit, undefined, false, true), 1 / temperature);
      const log = graph.apply('LogSoftmax', [add(similarity, scale(itself, NEVER))], { axis: 1 });
      const counts = reduceSum(partners, [1]);
      const atLeastOne = maximum(counts, graph.scalar(1));
      const rows = divide(scale(reduceSum(multiply(log, partners), [1]), -1), atLeastOne);
      const weight = reduceSum(sign(counts), [0]);
      return { loss: divide(reduceSum(rows, [0]), maximum(weight, graph.scalar(1))), weight, figures: [] };
    },
  },
  triplet: {
    target: groups,
    build: (output, y, { margin = 1, mining = 'all' }) => {
      const { graph } = output;
      const [partners, itself] = graph.applyAll('PairMasks', [y]) as readonly [Tensor, Tensor];
      const squares = reduceSum(multiply(output, output), [1], true);
      const products = gemm(output, output, undefined, false, true);
      const sums = add(squares, transpose(squares, [1, 0]));
      const squared = relu(subtract(sums, scale(products, 2)));
      const distance = squareRoot(shift(squared, SMALLEST_SQUARE));
      const others = complement(add(partners, itself));
      const pairs: Pairs = { distance, partners, others };
      const { positive, negative, valid } = mining === 'hard' ? hardest(pairs) : triplets(pairs);
      const excess = relu(shift(subtract(positive, negative), margin));
      const counted =
        mining === 'semi_hard' ? multiply(valid, both(excess, relu(subtract(negative, positive)))) : valid;
      const axes = counted.shape.map((_, axis) => axis);
      const weight = reduceSum(counted, axes);
      const total = reduceSum(multiply(excess, counted), axes);
      return { loss: divide(total, maximum(weight, graph.scalar(1))), weight, figures: [] };
    },
  },
};

/** Distances between the rows of a batch, and which of them belong to one group or to two, [batch, batch] each. */
interface Pairs {
  readonly distance: Tensor;
  readonly partners: Tensor;
  readonly others: Tensor;
}

/** Beyond every distance between embeddings that are worth comparing. */
const FAR = 1e9;

/** [anchor, positive, negative] */
function triplets({ distance, partners, others }: Pairs) {
  const along = (pairs: Tensor, axis: number): Tensor => pairs.graph.apply('Unsqueeze', [pairs], { axis });
  return {
    positive: along(distance, 2),
    negative: along(distance, 1),
    valid: multiply(along(partners, 2), along(others, 1)),
  };
}

/** [anchor]; of equal distances, the gradient is shared. */
function hardest({ distance, partners, others }: Pairs) {
  const apart = stopGradient(distance);
  const farthest = reduceMax(multiply(apart, partners), [1], true);
  const nearest = reduceMin(add(apart, scale(complement(others), FAR)), [1], true);
  const reached = (beyond: Tensor, among: Tensor): Tensor => {
    const chosen = multiply(complement(sign(relu(beyond))), among);
    const count = maximum(reduceSum(chosen, [1]), distance.graph.scalar(1));
    return divide(reduceSum(multiply(distance, chosen), [1]), count);
  };
  return {
    positive: reached(subtract(farthest, apart), partners),
    negative: reached(subtract(apart, nearest), others),
    valid: both(reduceSum(partners, [1]), reduceSum(others, [1])),
  };
}

const sign = (x: Tensor): Tensor => x.graph.apply('Sign', [x]);
/** 1 where neither of two numbers from zero up is zero. */
const both = (left: Tensor, right: Tensor): Tensor => multiply(sign(left), sign(right));
const complement = (mask: Tensor): Tensor => shift(scale(mask, -1), 1);
