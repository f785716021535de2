import type { ActivationName } from '../activation-name.ts';

interface DeepPart {
  /** Length of the vector of a category; absent: the rule of fast.ai, see `embeddingWidth`. */
  readonly embedding?: number;
  /** Units of the hidden layers over numbers and vectors. */
  readonly hidden: readonly number[];
  readonly activation?: ActivationName;
  readonly dropout?: number;
  readonly normalization?: 'none' | 'batch' | 'layer';
}

/** A learned vector for each category of a column, beside the numbers, into dense layers (Guo & Berkhahn 2016). */
export interface EmbeddingNetworkSpec extends DeepPart {
  readonly kind: 'embedding_mlp';
}

/**
 * Wide & deep (Cheng et al. 2016): the deep part is that of `embedding_mlp`; the wide part adds one weight per category,
 * and per pair of categories of crossed columns, straight to the output: it remembers what dense layers would smooth over.
 */
export interface WideAndDeepSpec extends DeepPart {
  readonly kind: 'wide_and_deep';
  /** Pairs of columns, by name, whose combinations have weights of their own. */
  readonly crosses?: readonly (readonly [string, string])[];
}

export type TabularSpec = EmbeddingNetworkSpec | WideAndDeepSpec;
