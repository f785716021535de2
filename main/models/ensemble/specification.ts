import type { ActivationName } from '../activation-name.ts';

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
