/** Changes of images [batch, channels, height, width]; what is left out or 0 does not happen. */
export interface ImageAugmentation {
  readonly kind: 'image';
  /** Probabilities. */
  readonly horizontalFlip?: number;
  readonly verticalFlip?: number;
  /** A crop of the image's own size out of the image with a border of so many zeros. */
  readonly crop?: number;
  /** At most so many degrees to either side. */
  readonly rotation?: number;
  /** Least and largest factor. */
  readonly scaling?: readonly [number, number];
  /** At most this share of the size, to either side. */
  readonly translation?: number;
  /** At most so many degrees. */
  readonly shear?: number;
  /** Factors between 1 − s and 1 + s. */
  readonly brightness?: number;
  readonly contrast?: number;
  readonly saturation?: number;
  /** At most this share of a full turn. */
  readonly hue?: number;
  /** How the images were normalised, per channel: colours change in the numbers from before. Default: not at all. */
  readonly normalization?: { readonly mean: readonly number[]; readonly deviation: readonly number[] };
  /** What the colours are limited to after a change. Default [0, 1]. */
  readonly range?: readonly [number, number];
  /** Side of a square of zeros, in pixels. */
  readonly cutout?: number;
  /** α of the Beta distribution that images are mixed by, with their targets. At most one of the two. */
  readonly mixup?: number;
  readonly cutmix?: number;
}

/** Changes of series [batch, length, features] (or [batch, length]). */
export interface SeriesAugmentation {
  readonly kind: 'series';
  /** Standard deviation of noise added to each number. */
  readonly jitter?: number;
  /** Standard deviation, around 1, of a factor per series and feature. */
  readonly magnitude?: number;
  /** Strength in [0, 1) of a smooth bending of time that never runs backwards. */
  readonly timeWarp?: number;
  /** The least share of the series that is stretched to its whole length. */
  readonly crop?: number;
}

/** Changes of token ids [batch, length]. */
export interface TextAugmentation {
  readonly kind: 'text';
  /** Probability that a token becomes `maskId`. */
  readonly masking: number;
  readonly maskId: number;
  /** Tokens that stay as they are. */
  readonly paddingId?: number;
}

/**
 * Augmentation is part of the training step's graph: it runs where the step runs, needs no second copy of the data, and
 * is a pure function of (seed, step, sample), so a resumed run sees the very samples an unbroken one would.
 */
export type AugmentationSpec = ImageAugmentation | SeriesAugmentation | TextAugmentation;
