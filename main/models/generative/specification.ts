/** Models that learn to draw images like those they saw. All take `x` [batch, channels, height, width] in [0, 1]. */
export type GenerativeSpec = VaeSpec | GanSpec | DiffusionSpec;

/** Variational autoencoder (Kingma and Welling 2014), with β of Higgins et al. (2017). */
export interface VaeSpec {
  readonly kind: 'vae';
  /** Numbers per latent vector. */
  readonly latent: number;
  /** Channels of convolutions of stride 2, mirrored in the decoder; without them all layers are dense. */
  readonly channels?: readonly number[];
  /** Units of dense layers of the encoder, mirrored in the decoder. Default [256]. */
  readonly hidden?: readonly number[];
  /** Weight of the divergence from the prior. Default 1. */
  readonly beta?: number;
  /** How pixels are judged: as probabilities (`bernoulli`, the default) or by squared error (`gaussian`). */
  readonly likelihood?: 'bernoulli' | 'gaussian';
  /** Told the class of each image (Sohn et al. 2015). Default false. */
  readonly conditional?: boolean;
  /** Standard deviation of the latent vectors that images are drawn from (the truncation of Brock et al. 2019). Default 1. */
  readonly temperature?: number;
}

/** Generative adversarial net with convolutions as in DCGAN (Radford et al. 2016), both players updated at each step. */
export interface GanSpec {
  readonly kind: 'gan';
  readonly latent: number;
  /** Channels of the discriminator's convolutions of stride 2; the generator mirrors them. Default [32, 64]. */
  readonly channels?: readonly number[];
  /** Default `hinge`. */
  readonly loss?: 'non_saturating' | 'least_squares' | 'hinge' | 'wasserstein';
  /** Divides each weight of the discriminator by its largest singular value (Miyato et al. 2018). Default: unless the loss is `wasserstein`. */
  readonly spectralNorm?: boolean;
  /** Weight of the gradient penalty (Gulrajani et al. 2017). Default 10 for `wasserstein`, otherwise 0. */
  readonly gradientPenalty?: number;
  /** Both players are told the class; the discriminator by projection (Miyato and Koyama 2018). Default false. */
  readonly conditional?: boolean;
  /** Standard deviation of the latent vectors that images are drawn from (the truncation of Brock et al. 2019). Default 1. */
  readonly temperature?: number;
}

/** Denoising diffusion (Ho et al. 2020) with a small U-Net that is told the time. */
export interface DiffusionSpec {
  readonly kind: 'diffusion';
  /** Default 1000. */
  readonly steps?: number;
  /** How noise grows: `cosine` (Nichol and Dhariwal 2021, the default) or `linear` (Ho et al. 2020). */
  readonly schedule?: 'cosine' | 'linear';
  /** What the net predicts: the noise, or `v` (Salimans and Ho 2022, the default). */
  readonly prediction?: 'epsilon' | 'v';
  /** Channels at half and at a quarter of the image's size. Default [32, 64]. */
  readonly channels?: readonly [number, number];
  /** Told the class of each image, one in ten excepted (Ho and Salimans 2022). Default false. */
  readonly conditional?: boolean;
  /** Classifier-free guidance: how far a drawing goes beyond its class, away from images of any class. Default 2. */
  readonly guidance?: number;
}
