import type { ParameterValues, PreprocessingSpec } from '../../graph/index.ts';
import type { ActivationName } from '../activation-name.ts';
import type { Built } from '../built.ts';
import type { TargetScale } from '../target-scale.ts';

/**
 * Gated mixture of experts (Shazeer et al. 2017): each expert is a list of dense layers, and a linear gate says how much
 * each counts for a sample. A loss of its own keeps the experts about equally busy (Fedus et al. 2021).
 */
export interface MixtureSpec {
  readonly kind: 'mixture_of_experts';
  readonly experts: number;
  /** Experts that count per sample; all of them if absent. */
  readonly topK?: number;
  /** Units of each expert's hidden layers. */
  readonly hidden: readonly number[];
  /** Default `relu`. */
  readonly activation?: ActivationName;
  /** Weight of the loss that balances the experts. Default 0.01. */
  readonly balance?: number;
}

/** A trained model among others, and what it makes of the input that they share. */
export interface EnsembleMember {
  readonly model: Built;
  readonly parameters: ParameterValues;
  readonly preprocessing: PreprocessingSpec;
  /** Tables: which of the ensemble's columns its own are, in order. */
  readonly places: readonly number[];
  readonly targetScale: TargetScale | null;
}

export interface EnsembleSpec {
  readonly kind: 'ensemble';
  /**
   * - `average`: the weighted mean of the members' probabilities, or of their numbers.
   * - `stacking`: a linear layer over what all members say, trained on data that they were not (Wolpert 1992). Of classes
   *   it sees the logarithms of their probabilities; it begins as the plain mean of what it sees.
   */
  readonly combine: 'average' | 'stacking';
  /** `average`: how much each member counts; absent = the same. They need not add up to one. */
  readonly weights?: readonly number[];
  readonly members: readonly EnsembleMember[];
  /** Of what the ensemble takes. */
  readonly preprocessing: PreprocessingSpec;
  /** Regression: what one unit of its output is. */
  readonly targetScale: TargetScale | null;
}
