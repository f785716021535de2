import { BATCH } from '../dimension.ts';
import {
  add,
  divide,
  gemm,
  maximum,
  multiply,
  reduceSum,
  relu,
  scale,
  shift,
  squareRoot,
  subtract,
  transpose,
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
  | { readonly kind: 'nt_xent'; readonly temperature?: number }
  /**
   * The mean of max(0, margin + |anchor − positive| − |anchor − negative|) over all triplets of the batch (“batch all”,
   * Hermans et al. 2017, here with the satisfied ones).
   */
  | { readonly kind: 'triplet'; readonly margin?: number };

type Row<Kind extends ContrastiveLossSpec['kind']> = LossRow<Extract<ContrastiveLossSpec, { kind: Kind }>>;

const groups = (graph: Graph, output: Tensor): Tensor => {
  requireRank(output, 2, '[batch, features]');
  return graph.input('y', 'int64', [BATCH]);
};

/** PyTorch's `F.normalize`: no division by less than this. */
const SMALLEST_NORM = 1e-12;
/** Keeps the slope of a square root finite where a row meets itself. */
const SMALLEST_SQUARE = 1e-12;
/** What takes a row's similarity to itself out of a softmax. */
const NEVER = -1e9;

export const contrastiveLosses: { readonly [Kind in ContrastiveLossSpec['kind']]: Row<Kind> } = {
  nt_xent: {
    target: groups,
    build: (output, y, { temperature = 0.5 }) => {
      const { graph } = output;
      const [partners, itself] = graph.applyAll('PairMasks', [y]) as readonly [Tensor, Tensor];
      const norm = squareRoot(shift(reduceSum(multiply(output, output), [1], true), SMALLEST_NORM ** 2));
      const unit = divide(output, norm);
      const similarity = scale(gemm(unit, unit, undefined, false, true), 1 / temperature);
      const log = graph.apply('LogSoftmax', [add(similarity, scale(itself, NEVER))], { axis: 1 });
      const counts = reduceSum(partners, [1]);
      const atLeastOne = maximum(counts, graph.scalar(1));
      const rows = divide(scale(reduceSum(multiply(log, partners), [1]), -1), atLeastOne);
      const weight = reduceSum(graph.apply('Sign', [counts]), [0]);
      return { loss: divide(reduceSum(rows, [0]), maximum(weight, graph.scalar(1))), weight, figures: [] };
    },
  },
  triplet: {
    target: groups,
    build: (output, y, { margin = 1 }) => {
      const { graph } = output;
      const [partners, itself] = graph.applyAll('PairMasks', [y]) as readonly [Tensor, Tensor];
      const squares = reduceSum(multiply(output, output), [1], true);
      const products = gemm(output, output, undefined, false, true);
      const sums = add(squares, transpose(squares, [1, 0]));
      const squared = relu(subtract(sums, scale(products, 2)));
      const distance = squareRoot(shift(squared, SMALLEST_SQUARE));
      const others = shift(scale(add(partners, itself), -1), 1);
      // [anchor, positive, negative]
      const positive = graph.apply('Unsqueeze', [distance], { axis: 2 });
      const negative = graph.apply('Unsqueeze', [distance], { axis: 1 });
      const valid = multiply(
        graph.apply('Unsqueeze', [partners], { axis: 2 }),
        graph.apply('Unsqueeze', [others], { axis: 1 }),
      );
      const excess = relu(shift(subtract(positive, negative), margin));
      const weight = reduceSum(valid, [0, 1, 2]);
      const total = reduceSum(multiply(excess, valid), [0, 1, 2]);
      return { loss: divide(total, maximum(weight, graph.scalar(1))), weight, figures: [] };
    },
  },
};
