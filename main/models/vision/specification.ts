/** How images are normalised between convolutions. */
export type ImageNorm = 'none' | 'batch' | 'group' | 'instance';

/**
 * Residual networks (He et al. 2016): stages of blocks, each stage after the first halving the image. ResNet-18 is
 * channels 64, 128, 256, 512 with two basic blocks each and an `imagenet` stem; ResNet-50 takes the same channels with
 * 3, 4, 6, 3 `bottleneck` blocks, which widen their output four times.
 */
export interface ResidualNetworkSpec {
  readonly kind: 'resnet';
  readonly channels: readonly number[];
  /** Default 1; one number per stage, or one for all. */
  readonly blocksPerStage?: number | readonly number[];
  /** Default `basic`: two 3 x 3 convolutions. `bottleneck`: 1 x 1, 3 x 3 (with the stride), 1 x 1. */
  readonly block?: 'basic' | 'bottleneck';
  /** Default `small`: one 3 x 3 convolution. `imagenet`: 7 x 7 at stride 2 and a 3 x 3 max-pool at stride 2. */
  readonly stem?: 'small' | 'imagenet';
  readonly normalization?: 'none' | 'batch' | 'group';
  /** Probability of dropping the last block's branch; earlier ones in proportion to their depth. Default 0. */
  readonly stochasticDepth?: number;
  /** With it, each branch ends by weighing its channels through so many times fewer. */
  readonly squeezeReduction?: number;
}

/** MobileNetV2 (Sandler et al. 2018): inverted residuals with depthwise convolutions. */
export interface MobileNetSpec {
  readonly kind: 'mobilenet_v2';
  /** Multiplies all channels, rounded to multiples of 8. Default 1. */
  readonly width?: number;
  /** Default: those of the paper, for images of 224 pixels. */
  readonly stages?: readonly InvertedResidualStage[];
  readonly stemChannels?: number;
  /** Stride of the first convolution. Default 2. */
  readonly stemStride?: 1 | 2;
  readonly headChannels?: number;
  /** Before the linear layer. Default 0.2. */
  readonly dropout?: number;
}

export interface InvertedResidualStage {
  /** How many times wider the depthwise convolution is than the block's input. */
  readonly expansion: number;
  readonly channels: number;
  readonly blocks: number;
  /** Of the first block. */
  readonly stride: 1 | 2;
}

/** U-Net (Ronneberger et al. 2015) with padding, so that every pixel gets its class; logits [batch, classes, height, width]. */
export interface UNetSpec {
  readonly kind: 'unet';
  /** From the full image to the bottom; each level halves it. */
  readonly channels: readonly number[];
  /** Default `none`. */
  readonly normalization?: ImageNorm;
  /** How images grow again. Default `nearest`; `transpose` learns it and halves the channels. */
  readonly upsampling?: 'nearest' | 'bilinear' | 'transpose';
  /** At the bottom. Default 0. */
  readonly dropout?: number;
}

/**
 * A one-stage detector without anchors: a heat map of centres (CenterNet, Zhou et al. 2019) and the distances to the four
 * sides, learnt from all pixels near a centre (TTFNet, Liu et al. 2020). Chosen over a grid of anchors because there is
 * nothing to match or to tune to the data, and because many pixels per box learn, which small data sets need.
 */
export interface DetectorSpec {
  readonly kind: 'detector';
  /** Of the backbone's levels; each after the first halves the image. */
  readonly channels: readonly number[];
  /** Pixels per cell of the heat map: a power of two, at most that of the last level. Default 4. */
  readonly stride?: number;
  /** Default: the channels of the level with that stride. */
  readonly headChannels?: number;
  /** Default `batch`. */
  readonly normalization?: ImageNorm;
  /** Decoding: boxes below this score are left out. Default 0.3. */
  readonly scoreThreshold?: number;
  /** Decoding: of two boxes of a class that overlap more than this, the better stays. Default 0.5. */
  readonly overlapThreshold?: number;
  /** Decoding: at most so many boxes per class and image. Default 100. */
  readonly maximumBoxes?: number;
}
