import type { TemplateEntry } from './template-entry.ts';

export const imageGeneration: readonly TemplateEntry[] = [
  {
    id: 'generation-vae',
    title: 'Draw pictures with a variational autoencoder',
    description:
      'The quickest to train; samples are smooth. Digits: a classifier is at least 90 % sure of 93 % of them.',
    task: 'image-generation',
    batchSize: 128,
    body: `model:
  kind: vae
  latent: 8
  hidden: [512, 256]
  conditional: true      # draws the class that it is asked for
  temperature: 0.8       # below 1: more typical pictures, less variety
optimizer:
  kind: adamw
  learningRate: 0.002
  weightDecay: 0
schedule:
  kind: cosine
  warmupSteps: 100
training:
  epochs: 20
`,
  },
  {
    id: 'generation-gan',
    title: 'Draw pictures with two networks that compete',
    description:
      'One draws, the other tells drawings from pictures. Sharp samples; harder to balance. Digits: a classifier is at least 90 % sure of 95.6 %.',
    task: 'image-generation',
    batchSize: 64,
    body: `model:
  kind: gan
  latent: 64
  channels: [32, 64]     # of the discriminator; the generator mirrors them
  loss: hinge
  spectralNorm: true
  conditional: true      # draws the class that it is asked for
  temperature: 0.5       # below 1: more typical pictures, less variety
optimizer:
  kind: adam
  learningRate: 0.0004
  beta1: 0.5
  parameterGroups:
    - match: "generator.*" # half the rate of the discriminator (Heusel et al. 2017)
      learningRateFactor: 0.5
schedule:
  kind: linear
training:
  epochs: 7
  weightAverage:
    decay: 0.999         # what draws is the average of the last steps
`,
  },
  {
    id: 'generation-diffusion',
    title: 'Draw pictures by diffusion',
    description:
      'Slower, and sharper: noise becomes a picture in many small steps. Digits: a classifier is at least 90 % sure of 99.8 %.',
    task: 'image-generation',
    batchSize: 64,
    body: `model:
  kind: diffusion
  channels: [32, 64]
  conditional: true      # draws the class that it is asked for
  guidance: 2            # how far beyond it
optimizer:
  kind: adamw
  learningRate: 0.002
  weightDecay: 0
schedule:
  kind: cosine
  warmupSteps: 100
training:
  epochs: 6
  clipNorm: 1
  weightAverage:
    decay: 0.999
`,
  },
];
