/** What every transformer says of its layers (Vaswani et al. 2017). */
export interface TransformerSettings {
  /** Length of the vector of a step. */
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
  /** Units between the two linear layers of a block. Default: four times the width. */
  readonly feedForward?: number;
  readonly activation?: 'relu' | 'gelu' | 'silu';
  /** `pre`: norms before each part, and one at the end (the default); `post`: after each sum. */
  readonly order?: 'pre' | 'post';
  readonly normalization?: 'layer' | 'rms';
  /** Default `learned`. `rotary` (Su et al. 2021) turns queries and keys instead of adding something to the input. */
  readonly positions?: 'learned' | 'sinusoidal' | 'rotary';
  readonly dropout?: number;
}

/** Classifies or regresses tokens, a series, or the patches of an image (ViT, Dosovitskiy et al. 2021). */
export interface TransformerEncoderSpec extends TransformerSettings {
  readonly kind: 'transformer_encoder';
  /** What becomes the one output: the mean over the steps (the default), or a learned token before them. */
  readonly pooling?: 'mean' | 'cls';
  /** Side of the square patches of an image. */
  readonly patch?: number;
}

/** A language model: tokens to logits of the next ones. */
export interface TransformerDecoderSpec extends TransformerSettings {
  readonly kind: 'transformer_decoder';
  /** The output layer is the embedding itself (Press & Wolf 2017). */
  readonly tieWeights?: boolean;
}

/** Source tokens in `x`, target tokens in the input `target` int64 [batch, length] → logits of the next target. */
export interface TransformerEncoderDecoderSpec extends TransformerSettings {
  readonly kind: 'transformer_encoder_decoder';
  readonly tieWeights?: boolean;
}

export type TransformerSpec = TransformerEncoderSpec | TransformerDecoderSpec | TransformerEncoderDecoderSpec;
