import { GraphError, type ParameterValues } from '../graph/index.ts';
import type { Model } from './build-model.ts';

/** How a regression target was standardised for training: (y − mean) / deviation. */
export interface TargetScale {
  readonly mean: number;
  readonly deviation: number;
}

/**
 * Weights whose output is in the units of the target again: the last linear layer takes the scale in, so that what is
 * evaluated and shipped needs no arithmetic after it.
 */
export function foldTargetScale(model: Model, parameters: ParameterValues, scale: TargetScale | null): ParameterValues {
  if (scale === null) return parameters;
  const [weight, bias] = model.module.namedParameters().slice(-2);
  if (!weight?.[0].endsWith('weight') || !bias?.[0].endsWith('bias'))
    throw new GraphError('unsupported', 'The model does not end in a linear layer with a bias.');
  return {
    ...parameters,
    [weight[0]]: parameters[weight[0]].map((value) => value * scale.deviation),
    [bias[0]]: parameters[bias[0]].map((value) => value * scale.deviation + scale.mean),
  };
}
