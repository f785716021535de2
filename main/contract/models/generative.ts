import { z } from 'zod';

const conditional = z
  .boolean()
  .optional()
  .describe('Learns from the labels as well, and draws a picture of a class that it is asked for');

const temperature = z
  .number()
  .min(0)
  .max(1)
  .optional()
  .describe(
    'Standard deviation of what pictures are drawn from; absent = 1, below it they are more typical and less varied',
  );

export const vaeConfig = z
  .strictObject({
    kind: z.literal('vae'),
    latent: z.int().min(1).max(1024).default(16).describe('Numbers per latent vector'),
    channels: z
      .array(z.int().min(1).max(1024))
      .optional()
      .describe('Of convolutions of stride 2; absent = dense layers only'),
    hidden: z
      .array(z.int().min(1).max(8192))
      .default([256])
      .describe('Units of dense layers of the encoder, mirrored in the decoder'),
    beta: z.number().min(0).default(1).describe('Weight of the divergence from the prior (Higgins et al. 2017)'),
    likelihood: z.enum(['bernoulli', 'gaussian']).default('bernoulli').describe('How pixels are judged'),
    conditional,
    temperature,
  })
  .describe('Variational autoencoder (Kingma & Welling 2014)');

export const ganConfig = z
  .strictObject({
    kind: z.literal('gan'),
    latent: z.int().min(1).max(1024).default(64),
    channels: z
      .array(z.int().min(1).max(1024))
      .min(1)
      .default([32, 64])
      .describe('Of the discriminator; the generator mirrors them'),
    loss: z
      .enum(['hinge', 'non_saturating', 'least_squares', 'wasserstein'])
      .default('hinge')
      .describe('wasserstein with a gradient penalty is WGAN-GP (Gulrajani et al. 2017)'),
    spectralNorm: z
      .boolean()
      .optional()
      .describe('Miyato et al. 2018: keeps the discriminator smooth; absent = unless the loss is wasserstein'),
    gradientPenalty: z
      .number()
      .min(0)
      .max(1000)
      .optional()
      .describe(
        'Weight of (slope − 1)² of the discriminator between pictures and drawings; absent = 10 with the loss wasserstein, otherwise none. Half as slow again',
      ),
    conditional,
    temperature,
  })
  .describe('Generative adversarial network with convolutions (Radford et al. 2016)');

export const diffusionConfig = z
  .strictObject({
    kind: z.literal('diffusion'),
    steps: z.int().min(2).max(4000).default(1000).describe('Steps from a picture to noise'),
    schedule: z.enum(['cosine', 'linear']).default('cosine').describe('How noise grows'),
    prediction: z
      .enum(['v', 'epsilon'])
      .default('v')
      .describe('What the net predicts: v (Salimans & Ho 2022) or the noise'),
    channels: z
      .tuple([z.int().min(1).max(512), z.int().min(1).max(512)])
      .default([32, 64])
      .describe('At half and at a quarter of the size'),
    conditional,
    guidance: z
      .number()
      .min(0)
      .max(20)
      .optional()
      .describe(
        'Conditional: how far a picture goes beyond its class (Ho & Salimans 2022); absent = 2, 0 = not at all',
      ),
  })
  .describe('Denoising diffusion (Ho et al. 2020)');
