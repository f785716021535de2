import type { TemplateEntry } from './template-entry.ts';

export const imageClassification: readonly TemplateEntry[] = [
  {
    id: 'image-mlp',
    title: 'Dense network on pictures',
    description: 'The quickest baseline: seconds per epoch on small grey pictures.',
    task: 'image-classification',
    batchSize: 64,
    body: `model:
  kind: mlp
  hidden: [512, 256]
  activation: relu
optimizer:
  kind: adamw
  learningRate: 0.001
training:
  epochs: 3
`,
  },
  {
    id: 'image-cnn',
    title: 'Convolutional network',
    description:
      'Two convolutions, a pool and a dense layer: 98 % on handwritten digits after one epoch, 91.3 % on Fashion-MNIST after three.',
    task: 'image-classification',
    batchSize: 64,
    body: `model:
  kind: cnn
  channels: [32, 64]     # output channels of each convolution
  kernel: 3
  poolEvery: 2           # a 2 × 2 max pool after every second convolution
  hidden: [128]
optimizer:
  kind: adamw
  learningRate: 0.001
training:
  epochs: 3
  earlyStopping:
    metric: validation_loss
    patienceEpochs: 3
`,
  },
  {
    id: 'image-resnet',
    title: 'Residual network',
    description:
      'Batch norm and skip connections, for harder problems; pictures are moved a little at each step. 92.1 % on Fashion-MNIST, flipped as well; 93.5 % with five stages up to 256 channels and one cycle of 13 epochs.',
    task: 'image-classification',
    batchSize: 64,
    preprocessing: `  normalize: unit        # 0…1, so that what moves in from outside is black
`,
    body: `augmentation:
  kind: image
  crop: 2                # moved by up to two pixels
  # horizontalFlip: 0.5  # where left and right do not matter
model:
  kind: resnet
  channels: [16, 64, 128] # each stage after the first halves the picture
  blocks: 1
  norm: batch
loss:
  kind: cross_entropy
  labelSmoothing: 0.1
optimizer:
  kind: sgd
  learningRate: 0.05
  momentum: 0.9
  weightDecay: 0.0005
schedule:
  kind: cosine
  warmupSteps: 400
training:
  epochs: 10
  clipNorm: 5
  weightAverage:
    decay: 0.999         # what is evaluated and ships is the average of the last steps
`,
  },
  {
    id: 'image-vision-transformer',
    title: 'Vision transformer',
    description: 'Attention between the patches of a picture (ViT). Needs more pictures and epochs than convolutions.',
    task: 'image-classification',
    batchSize: 64,
    body: `model:
  kind: transformer_encoder
  patch: 4               # side of a patch in pixels; it must divide the picture
  width: 64
  heads: 4
  layers: 4
  dropout: 0.1
optimizer:
  kind: adamw
  learningRate: 0.001
  weightDecay: 0.05
schedule:
  kind: cosine
  warmupSteps: 100
training:
  epochs: 10
  clipNorm: 1
`,
  },
  {
    id: 'image-convolutional-transformer',
    title: 'Convolutions, then a transformer',
    description: 'Convolutions see what is near, attention what is far: learns from fewer pictures than a plain ViT.',
    task: 'image-classification',
    batchSize: 64,
    body: `model:
  kind: convolutional_transformer
  channels: [16, 32]     # each stage halves the picture
  width: 64
  heads: 4
  layers: 2
optimizer:
  kind: adamw
  learningRate: 0.001
schedule:
  kind: cosine
  warmupSteps: 100
training:
  epochs: 5
  clipNorm: 1
`,
  },
];
