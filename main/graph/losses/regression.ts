import { absolute, add, multiply, relu, scale, shift, subtract } from '../expression.ts';
import type { Tensor } from '../tensor.ts';
import type { LossResult, LossRow, SampleWeighting } from './loss-row.ts';
import { perSample, sampleWeightsOf, weightedMean } from './loss-row.ts';

/** Losses of numbers against numbers: `y` is float32, shaped like the output; the mean is over all elements. */
export type RegressionLossSpec = SampleWeighting &
  (
    | { readonly kind: 'mse' }
    /** Mean absolute error. */
    | { readonly kind: 'l1' }
    /** Squared up to an error of `delta` (1 by default), straight beyond (Huber 1964). */
    | { readonly kind: 'huber'; readonly delta?: number }
    /** Huber divided by its `beta` (1 by default), so that the straight part has slope 1 (Girshick 2015). */
    | { readonly kind: 'smooth_l1'; readonly beta?: number }
  );

type Row<Kind extends RegressionLossSpec['kind']> = LossRow<Extract<RegressionLossSpec, { kind: Kind }>>;

/** A row from the loss of one element, given its error and the error's absolute value. */
const regression = <Spec extends RegressionLossSpec>(
  element: (error: Tensor, size: Tensor, spec: Spec) => Tensor,
): LossRow<Spec> => ({
  target: (graph, output) => graph.input('y', 'float32', output.shape),
  build: (output, y, spec): LossResult => {
    const error = subtract(output, y);
    const size = absolute(error);
    const weights = sampleWeightsOf(output, spec);
    return {
      ...weightedMean(perSample(element(error, size, spec)), weights),
      figures: [{ name: 'absoluteError', tensor: weightedMean(perSample(size), weights).loss }],
    };
  },
});

/** ½·e² up to delta, delta·(|e| − ½·delta) beyond: ½·(|e| − r)² + delta·r with r the excess over delta. */
function huber(size: Tensor, delta: number): Tensor {
  const excess = relu(shift(size, -delta));
  const inner = subtract(size, excess);
  return add(scale(multiply(inner, inner), 0.5), scale(excess, delta));
}

export const regressionLosses: { readonly [Kind in RegressionLossSpec['kind']]: Row<Kind> } = {
  mse: regression((error) => multiply(error, error)),
  l1: regression((_, size) => size),
  huber: regression((_, size, { delta = 1 }) => huber(size, delta)),
  smooth_l1: regression((_, size, { beta = 1 }) => scale(huber(size, beta), 1 / beta)),
};
