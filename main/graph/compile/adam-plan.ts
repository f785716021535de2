import { SMALLEST_RATE } from '../optimizers/optimizer.ts';
import { treatmentOf } from '../optimizers/parameter-groups.ts';
import type { BoundParameter } from './backward.ts';
import { CLIP_EPSILON, type UpdateOptions } from './update.ts';

/**
 * An update by Adam with decoupled decay in numbers, for those who compute it without a graph:
 * M' = β₁M + g, V' = β₂V + g², p' = decay·p − M' / (rate·√V' + offset). See the operator AdamWUpdate.
 */
export interface AdamPlan {
  readonly beta1: number;
  readonly beta2: number;
  /** The norm to which gradients are scaled down; null leaves them. */
  readonly clipNorm: number | null;
  readonly parameters: readonly AdamParameter[];
}

export interface AdamParameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** What a step multiplies and adds, in float32; steps count from 1. */
  readonly scalars: (learningRate: number, step: number) => AdamScalars;
}

export interface AdamScalars {
  readonly rate: number;
  readonly offset: number;
  readonly decay: number;
}

/** Whether the update of these options is Adam's and nothing else. */
export const isAdamAlone = ({ optimizer, clipValue, weightAverage, mixedPrecision }: UpdateOptions): boolean =>
  optimizer.kind === 'adamw' && clipValue === undefined && weightAverage === undefined && mixedPrecision === undefined;

/** Undefined where the update of these options is more than Adam's, or another. */
export function planAdam(options: UpdateOptions, parameters: readonly BoundParameter[]): AdamPlan | undefined {
  const { optimizer, clipNorm } = options;
  if (optimizer.kind !== 'adamw' || !isAdamAlone(options)) return undefined;
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay: usual = 0.01 } = optimizer;
  const single = Math.fround;
  return {
    beta1,
    beta2,
    clipNorm: clipNorm ?? null,
    parameters: parameters.flatMap(({ name, parameter, gradient }) => {
      const treatment = gradient && treatmentOf(options, name, parameter);
      if (!treatment) return [];
      const { learningRateFactor, weightDecay = usual } = treatment;
      const scalars = (learningRate: number, step: number): AdamScalars => {
        // Rounded where the graph rounds: see the row `adamw` of the optimisers.
        const own = single(learningRate * single(learningRateFactor));
        const correction = (beta: number): number => (1 - beta) / (1 - beta ** step);
        const unit = Math.max(own, SMALLEST_RATE) * correction(beta1);
        return {
          rate: single(Math.sqrt(correction(beta2)) / unit),
          offset: single(epsilon / unit),
          decay: single(1 - own * weightDecay),
        };
      };
      return [{ name, shape: parameter.shape, scalars }];
    }),
  };
}

/** What gradients of this global norm are multiplied by. */
export const clipFactor = (norm: number, clipNorm: number): number =>
  Math.min(1, Math.fround(clipNorm / Math.fround(norm + CLIP_EPSILON)));
