/** Convolutions find local patterns and shorten the way; a transformer relates their places (Xiao et al. 2021). */
export interface ConvolutionalTransformerSpec {
  readonly kind: 'convolutional_transformer';
  /** Channels of convolutions of stride 2; one more brings them to the width. Default [32, 64]. */
  readonly channels?: readonly number[];
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
  /** Units between the two linear layers of a block. Default: twice the width. */
  readonly feedForward?: number;
  readonly dropout?: number;
}
