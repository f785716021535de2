import {
  add,
  exponential,
  multiply,
  reduceMean,
  reduceSum,
  relu,
  scale,
  shift,
  squareRoot,
  subtract,
} from '../expression.ts';
import { operators } from '../operators/index.ts';
import { gradients } from '../passes/gradients.ts';
import type { Tensor } from '../tensor.ts';

/** Pieces for modules that add their own losses (`trace.addLoss`): all return float32 scalars, means over the batch. */

const everyAxis = (x: Tensor): readonly number[] => x.shape.map((_, axis) => axis);

/**
 * KL(N(mean, e^logVariance) ‖ N(0, 1)), summed over all axes but the first and averaged over it: the regulariser of the
 * evidence lower bound (Kingma & Welling 2014, appendix B).
 */
export function gaussianKl(mean: Tensor, logVariance: Tensor): Tensor {
  const inner = subtract(subtract(shift(logVariance, 1), multiply(mean, mean)), exponential(logVariance));
  const axes = everyAxis(inner).slice(1);
  return scale(reduceMean(reduceSum(inner, axes), [0]), -0.5);
}

/**
 * `non_saturating`: Goodfellow et al. 2014 (the logarithmic loss with swapped labels for the generator);
 * `least_squares`: Mao et al. 2017; `hinge`: Lim & Ye 2017, Miyato et al. 2018; `wasserstein`: Arjovsky et al. 2017, for
 * a discriminator whose slope is held by `gradientPenalty`.
 */
export type AdversarialLoss = 'non_saturating' | 'least_squares' | 'hinge' | 'wasserstein';

interface Adversary {
  /** Loss of one score (a logit) that shall look real to the discriminator, or fake to it, or real for the generator. */
  readonly real: (score: Tensor) => Tensor;
  readonly fake: (score: Tensor) => Tensor;
  readonly fooled: (score: Tensor) => Tensor;
}

const softplus = (x: Tensor): Tensor => x.graph.apply('Softplus', [x]);
const square = (x: Tensor): Tensor => multiply(x, x);

const adversaries: Readonly<Record<AdversarialLoss, Adversary>> = {
  non_saturating: {
    real: (score) => softplus(scale(score, -1)),
    fake: softplus,
    fooled: (score) => softplus(scale(score, -1)),
  },
  least_squares: {
    real: (score) => square(shift(score, -1)),
    fake: square,
    fooled: (score) => square(shift(score, -1)),
  },
  hinge: {
    real: (score) => relu(shift(scale(score, -1), 1)),
    fake: (score) => relu(shift(score, 1)),
    fooled: (score) => scale(score, -1),
  },
  wasserstein: {
    real: (score) => scale(score, -1),
    fake: (score) => score,
    fooled: (score) => scale(score, -1),
  },
};

const mean = (values: Tensor): Tensor => reduceMean(values, everyAxis(values));

/** @param realScores logits of real samples @param fakeScores logits of generated ones, cut off from the generator */
export const discriminatorLoss = (kind: AdversarialLoss, realScores: Tensor, fakeScores: Tensor): Tensor =>
  add(mean(adversaries[kind].real(realScores)), mean(adversaries[kind].fake(fakeScores)));

/** @param fakeScores logits of generated samples by a frozen discriminator */
export const generatorLoss = (kind: AdversarialLoss, fakeScores: Tensor): Tensor =>
  mean(adversaries[kind].fooled(fakeScores));

/** Keeps the slope of a square root finite where a gradient is zero. */
const SMALLEST_SQUARE = 1e-12;

/**
 * (‖∂score/∂sample‖₂ − 1)², which keeps a discriminator Lipschitz (Gulrajani et al. 2017). Its own gradient is a second
 * derivative of the discriminator.
 * @param scores of samples between real and generated ones, each a function of its sample alone
 * @throws GraphError `not-differentiable` where an operator of the discriminator has no second derivative
 */
export function gradientPenalty(scores: Tensor, samples: Tensor): Tensor {
  const [slope] = gradients(operators, reduceSum(scores, everyAxis(scores)), [samples]) as readonly [Tensor];
  const norm = squareRoot(shift(reduceSum(square(slope), everyAxis(slope).slice(1)), SMALLEST_SQUARE));
  return mean(square(shift(norm, -1)));
}
