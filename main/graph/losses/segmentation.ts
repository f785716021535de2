import { BATCH, dimensionProduct } from '../dimension.ts';
import {
  add,
  divide,
  exponential,
  maximum,
  multiply,
  power,
  reduceMean,
  reduceSum,
  reshape,
  scale,
  shift,
  sigmoid,
  softmax,
  subtract,
  transpose,
} from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { Graph, Tensor } from '../tensor.ts';
import type { LossResult, LossRow, SampleWeighting } from './loss-row.ts';
import { correctOf, sampleWeightsOf } from './loss-row.ts';

/**
 * Losses of one decision per pixel: the output is [batch, classes, height, width] logits, `y` int64 [batch, height,
 * width]. Pixels whose id is no class, such as 255, do not count. With one class `y` is 0 or 1, and the logit that of 1.
 * `focal` also takes rows: an output [batch, classes] and `y` int64 [batch].
 */
export type SegmentationLossSpec =
  | { readonly kind: 'pixel_cross_entropy' }
  /**
   * 1 − the Dice coefficient with probabilities for the prediction (Milletari et al. 2016), per class over the whole
   * batch, averaged over the classes.
   */
  | { readonly kind: 'dice'; readonly smooth?: number }
  /** Both, the second with this share; default a half. */
  | { readonly kind: 'dice_cross_entropy'; readonly diceShare?: number; readonly smooth?: number }
  /**
   * Cross-entropy times (1 − p)^gamma, p the probability of what is right (Lin et al. 2017). Default gamma 2. Weights are
   * for rows.
   */
  | ({
      readonly kind: 'focal';
      readonly gamma?: number;
      /** With one class: weight of the ones; the zeros get 1 − alpha. */
      readonly alpha?: number;
    } & SampleWeighting);

type Row<Kind extends SegmentationLossSpec['kind']> = LossRow<Extract<SegmentationLossSpec, { kind: Kind }>>;

const SMALLEST_COUNT = 1e-30;
/** Keeps the base of a power above zero, where its slope is finite. */
const SMALLEST_BASE = 1e-12;

const pixelTarget = (graph: Graph, output: Tensor): Tensor => {
  const { shape } = output;
  if (shape.length !== 4) {
    throw new GraphError(
      'shape-mismatch',
      `This loss needs an output [batch, classes, height, width], not [${shape}].`,
    );
  }
  return graph.input('y', 'int64', [shape[0] ?? BATCH, ...shape.slice(2)]);
};

interface Pixels {
  /** [pixels, classes] */
  readonly logits: Tensor;
  /** [pixels], int64 */
  readonly ids: Tensor;
  readonly classes: number;
}

/** One row per pixel of the batch. */
function pixelsOf(output: Tensor, y: Tensor): Pixels {
  const classes = Number(output.shape[1]);
  if (output.shape.length === 2) return { logits: output, ids: y, classes };
  const moved = classes === 1 ? output : transpose(output, [0, 2, 3, 1]);
  const rows = dimensionProduct(y.shape);
  return { logits: reshape(moved, [rows, classes]), ids: reshape(y, [rows]), classes };
}

/** One where the id is a class, [pixels]. */
function validity({ ids, classes }: Pixels): Tensor {
  return reduceSum(ids.graph.apply('OneHot', [ids], { classes: Math.max(2, classes) }), [1]);
}

/** The loss of each pixel, −log p, with what is right one-hot or as numbers 0 and 1. */
function perPixel(pixels: Pixels): Tensor {
  const { logits, ids, classes } = pixels;
  const { graph } = logits;
  if (classes > 1) return graph.apply('SoftmaxCrossEntropy', [logits, ids], { labelSmoothing: 0 });
  const flat = reshape(logits, ids.shape);
  // softplus(x) − x·y, which is softplus of x with the sign of the wrong answer.
  return subtract(graph.apply('Softplus', [flat]), multiply(flat, ones(pixels)));
}

/** With one class: 1.0 where y is 1. */
const ones = ({ ids }: Pixels): Tensor => {
  const columns = ids.graph.apply('OneHot', [ids], { classes: 2 });
  return reshape(ids.graph.apply('Slice', [columns], { axis: 1, start: 1, size: 1 }), ids.shape);
};

function meanOverPixels(values: Tensor, valid: Tensor): { readonly loss: Tensor; readonly weight: Tensor } {
  const weight = reduceSum(valid, [0]);
  const floor = maximum(weight, weight.graph.scalar(SMALLEST_COUNT));
  return { loss: divide(reduceSum(multiply(values, valid), [0]), floor), weight };
}

/** The share of counted pixels whose most probable class is right. */
function accuracy(pixels: Pixels, valid: Tensor): LossResult['figures'] {
  const { logits, ids, classes } = pixels;
  const { graph } = logits;
  const rows = classes === 1 ? graph.apply('Concat', [scale(logits, -1), logits], { axis: 1 }) : logits;
  const hits = graph.apply('CorrectCount', [rows, ids]);
  const count = maximum(reduceSum(valid, [0]), graph.scalar(SMALLEST_COUNT));
  return [{ name: 'pixelAccuracy', tensor: divide(hits, count) }];
}

function softDice(pixels: Pixels, valid: Tensor, smooth: number): Tensor {
  const { logits, ids, classes } = pixels;
  const { graph } = logits;
  const column = reshape(valid, [valid.shape[0] ?? BATCH, 1]);
  const probabilities = classes === 1 ? sigmoid(logits) : softmax(logits, 1);
  const right = classes === 1 ? reshape(ones(pixels), logits.shape) : graph.apply('OneHot', [ids], { classes });
  const counted = multiply(probabilities, column);
  const overlap = reduceSum(multiply(counted, right), [0]);
  const sizes = add(reduceSum(counted, [0]), reduceSum(right, [0]));
  const coefficient = divide(shift(scale(overlap, 2), smooth), shift(sizes, smooth));
  return shift(scale(reduceMean(coefficient, [0]), -1), 1);
}

export const segmentationLosses: { readonly [Kind in SegmentationLossSpec['kind']]: Row<Kind> } = {
  pixel_cross_entropy: {
    target: pixelTarget,
    build: (output, y) => {
      const pixels = pixelsOf(output, y);
      const valid = validity(pixels);
      return { ...meanOverPixels(perPixel(pixels), valid), figures: accuracy(pixels, valid) };
    },
  },
  dice: {
    target: pixelTarget,
    build: (output, y, { smooth = 1 }) => {
      const pixels = pixelsOf(output, y);
      const valid = validity(pixels);
      return { loss: softDice(pixels, valid, smooth), figures: accuracy(pixels, valid) };
    },
  },
  dice_cross_entropy: {
    target: pixelTarget,
    build: (output, y, { diceShare = 0.5, smooth = 1 }) => {
      const pixels = pixelsOf(output, y);
      const valid = validity(pixels);
      const { loss } = meanOverPixels(perPixel(pixels), valid);
      const dice = softDice(pixels, valid, smooth);
      return { loss: add(scale(loss, 1 - diceShare), scale(dice, diceShare)), figures: accuracy(pixels, valid) };
    },
  },
  focal: {
    target: (graph, output) =>
      output.shape.length === 2 ? graph.input('y', 'int64', [output.shape[0] ?? BATCH]) : pixelTarget(graph, output),
    build: (output, y, { gamma = 2, alpha, ...weighting }) => {
      const pixels = pixelsOf(output, y);
      if (alpha !== undefined && pixels.classes > 1) {
        throw new GraphError(
          'invalid-argument',
          'The alpha of a focal loss weighs ones against zeros: one class only.',
        );
      }
      const valid = validity(pixels);
      const plain = perPixel(pixels);
      const wrong = shift(scale(exponential(scale(plain, -1)), -1), 1);
      const factor = gamma === 2 ? multiply(wrong, wrong) : power(shift(wrong, SMALLEST_BASE), y.graph.scalar(gamma));
      const balance = alpha === undefined ? undefined : shift(scale(ones(pixels), 2 * alpha - 1), 1 - alpha);
      const values = multiply(factor, plain);
      const weights = sampleWeightsOf(output, weighting);
      const ofRows = output.shape.length === 2;
      return {
        ...meanOverPixels(balance ? multiply(values, balance) : values, weights ? multiply(valid, weights) : valid),
        figures: ofRows ? [correctOf(output, y, weights)] : accuracy(pixels, valid),
      };
    },
  },
};
