import { z } from 'zod';
import { digest } from './common.ts';
import { executionProvider } from './devices.ts';
import { ensembleConfig, mixtureConfig } from './models/ensemble.ts';
import { diffusionConfig, ganConfig, vaeConfig } from './models/generative.ts';
import { graphNetworkConfig } from './models/graph-network.ts';
import { convolutionalTransformerConfig } from './models/hybrid.ts';
import { importedConfig } from './models/imported.ts';
import { ownModelConfig } from './models/own.ts';
import { recurrentConfig, recurrentEncoderDecoderConfig } from './models/recurrent.ts';
import { embeddingNetworkConfig, wideAndDeepConfig } from './models/tabular.ts';
import {
  transformerDecoderConfig,
  transformerEncoderConfig,
  transformerEncoderDecoderConfig,
} from './models/transformer.ts';
import { detectorConfig, mobileNetConfig, residualNetworkConfig, unetConfig } from './models/vision.ts';
import { augmentationConfig } from './run/augmentation.ts';
import { optimizerConfig } from './run/optimizer.ts';
import { trainingConfig } from './run/training.ts';

/**
 * The configuration of a run, written as YAML by a person. Every key carries a description: completion, hover
 * documentation and the reference are generated from here. Unknown keys are errors.
 */
const activation = z
  .enum(['relu', 'gelu', 'silu'])
  .describe('Non-linearity: relu, gelu (Hendrycks & Gimpel 2016) or silu (Ramachandran et al. 2017)');

export const layerConfig = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('conv2d'),
    channels: z.int().min(1).describe('Output channels'),
    kernel: z.int().min(1).max(15).default(3),
    stride: z.int().min(1).max(4).default(1),
    padding: z.int().min(0).max(7).default(0),
    bias: z.boolean().default(true),
  }),
  z.strictObject({ kind: z.literal('dense'), units: z.int().min(1), bias: z.boolean().default(true) }),
  z.strictObject({ kind: z.literal('max_pool'), size: z.int().min(2).max(8).default(2) }),
  z.strictObject({ kind: z.literal('average_pool'), size: z.int().min(2).max(8).default(2) }),
  z.strictObject({ kind: z.literal('global_average_pool') }),
  z.strictObject({ kind: z.literal('batch_norm') }),
  z.strictObject({ kind: z.literal('layer_norm') }),
  z.strictObject({ kind: z.literal('dropout'), rate: z.number().min(0).max(0.95) }),
  z.strictObject({ kind: z.literal('activation'), function: activation.default('relu') }),
  z.strictObject({ kind: z.literal('flatten') }),
]);
export type LayerConfig = z.infer<typeof layerConfig>;

const mlpConfig = z
  .strictObject({
    kind: z.literal('mlp'),
    hidden: z.array(z.int().min(1).max(65536)).default([512, 256]).describe('Units of each hidden layer'),
    activation: activation.default('relu'),
    dropout: z.number().min(0).max(0.95).default(0).describe('Fraction of hidden units dropped in training'),
    norm: z.enum(['none', 'batch', 'layer']).default('none').describe('Normalisation after each hidden layer'),
  })
  .describe('Dense network on flattened input');

const cnnConfig = z
  .strictObject({
    kind: z.literal('cnn'),
    channels: z
      .array(z.int().min(1).max(4096))
      .min(1)
      .default([32, 64])
      .describe('Output channels of each convolution'),
    kernel: z.int().min(1).max(15).default(3),
    padding: z.int().min(0).max(7).default(0),
    poolEvery: z.int().min(0).default(2).describe('A 2×2 max pool after every n convolutions; 0 = none'),
    hidden: z.array(z.int().min(1)).default([128]).describe('Units of the dense layers after the convolutions'),
    activation: activation.default('relu'),
    norm: z.enum(['none', 'batch']).default('none'),
    dropout: z.number().min(0).max(0.95).default(0),
  })
  .describe('Convolutions, pooling, dense head (LeNet family)');

const sequentialConfig = z
  .strictObject({ kind: z.literal('sequential'), layers: z.array(layerConfig).min(1).max(200) })
  .describe('Your own stack of layers; the output layer is added');

const imageEmbeddingConfig = z
  .strictObject({
    kind: z.literal('image_embedding'),
    dimensions: z.int().min(2).max(4096).default(64).describe('Length of the vector of a picture'),
    encoder: z
      .discriminatedUnion('kind', [
        mlpConfig,
        cnnConfig,
        residualNetworkConfig,
        sequentialConfig,
        mobileNetConfig,
        transformerEncoderConfig,
        convolutionalTransformerConfig,
      ])
      .describe('What reads the picture; a linear layer of dimensions units is added'),
  })
  .describe('Metric learning: a network whose output is scaled to length 1');

export const modelConfig = z.discriminatedUnion('kind', [
  mlpConfig,
  cnnConfig,
  residualNetworkConfig,
  sequentialConfig,
  graphNetworkConfig,
  recurrentConfig,
  transformerEncoderConfig,
  transformerDecoderConfig,
  transformerEncoderDecoderConfig,
  recurrentEncoderDecoderConfig,
  mobileNetConfig,
  convolutionalTransformerConfig,
  mixtureConfig,
  ensembleConfig,
  embeddingNetworkConfig,
  wideAndDeepConfig,
  importedConfig,
  ownModelConfig,
  unetConfig,
  detectorConfig,
  imageEmbeddingConfig,
  vaeConfig,
  ganConfig,
  diffusionConfig,
]);
export type ModelConfig = z.infer<typeof modelConfig>;

/** Whether a model takes the categories of a table as rows of its embeddings; all others get one-hot columns. */
export function embedsCategories(model: ModelConfig): model is Extract<ModelConfig, { minimumCount: number }> {
  return model.kind === 'embedding_mlp' || model.kind === 'wide_and_deep';
}

export const scheduleConfig = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant'), warmupSteps: z.int().min(0).default(0) }),
  z.strictObject({
    kind: z.literal('step'),
    everyEpochs: z.int().min(1).default(10),
    factor: z.number().min(0).max(1).default(0.1),
    warmupSteps: z.int().min(0).default(0),
  }),
  z
    .strictObject({
      kind: z.literal('cosine'),
      minimumFactor: z
        .number()
        .min(0)
        .max(1)
        .default(0)
        .describe('Learning rate at the end, as a fraction of the first'),
      warmupSteps: z.int().min(0).default(0),
    })
    .describe('Cosine decay to the end of the run (Loshchilov & Hutter 2017)'),
  z
    .strictObject({
      kind: z.literal('linear'),
      minimumFactor: z.number().min(0).max(1).default(0),
      warmupSteps: z.int().min(0).default(0),
    })
    .describe('A straight line down to the end of the run'),
  z
    .strictObject({
      kind: z.literal('polynomial'),
      power: z.number().positive().default(2),
      minimumFactor: z.number().min(0).max(1).default(0),
      warmupSteps: z.int().min(0).default(0),
    })
    .describe('(1 − progress)^power down to the end of the run'),
  z
    .strictObject({
      kind: z.literal('one_cycle'),
      rise: z.number().min(0).max(1).default(0.3).describe('Share of the steps in which the rate rises'),
      divisor: z.number().min(1).default(25).describe('The first rate is learningRate / divisor'),
      finalDivisor: z.number().min(1).default(10_000).describe('The last one is the first / finalDivisor'),
      anneal: z.enum(['cosine', 'linear']).default('cosine'),
      warmupSteps: z.int().min(0).default(0),
    })
    .describe('Up to learningRate and down again (Smith & Topin 2019)'),
  z
    .strictObject({
      kind: z.literal('reduce_on_plateau'),
      factor: z.number().min(0).max(1).default(0.1),
      patience: z.int().min(0).default(10).describe('Epochs without improvement of validation_loss that are borne'),
      threshold: z.number().min(0).default(1e-4).describe('Share by which the loss must fall to count as better'),
      cooldown: z.int().min(0).default(0).describe('Epochs after a reduction that are not counted'),
      minimumFactor: z.number().min(0).max(1).default(0),
      warmupSteps: z.int().min(0).default(0),
    })
    .describe('Smaller when validation_loss no longer falls'),
]);
export type ScheduleConfig = z.infer<typeof scheduleConfig>;

const tripletMining = z
  .enum(['all', 'semi_hard', 'hard'])
  .describe(
    'Which triplets of a batch count. all: every one; semi_hard: those whose negative is farther than the positive, but by less than the margin (Schroff et al. 2015); hard: of each picture the farthest positive with the nearest negative (Hermans et al. 2017)',
  );

export const lossConfig = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('cross_entropy'),
      labelSmoothing: z.number().min(0).max(0.5).default(0).describe('Share of the truth spread over all classes'),
      classWeights: z.array(z.number().min(0)).optional().describe('One per class: how much its items count'),
    })
    .describe('Softmax cross-entropy'),
  z
    .strictObject({
      kind: z.literal('binary_cross_entropy'),
      positiveWeight: z
        .number()
        .positive()
        .default(1)
        .describe('How much the yes of the right class counts against the no of each other'),
    })
    .describe(
      'Each class against all others: a sigmoid cross-entropy per output, averaged. What is reported and served is the softmax of the outputs all the same',
    ),
  z
    .strictObject({
      kind: z.literal('hinge'),
      margin: z.number().positive().default(1).describe('How far from zero an output must lie, on the right side'),
    })
    .describe('Each class against all others: the hinge loss of linear support vector machines'),
  z
    .strictObject({
      kind: z.literal('multi_margin'),
      margin: z.number().positive().default(1),
      exponent: z.union([z.literal(1), z.literal(2)]).default(1),
    })
    .describe('Hinge loss over classes, as PyTorch’s MultiMarginLoss'),
  z
    .strictObject({
      kind: z.literal('distillation'),
      teacher: z
        .string()
        .min(1)
        .describe(
          'Whom to imitate: a finished run by its id, or a registered model as name@version, of the same task, dataset and labels',
        ),
      temperature: z
        .number()
        .positive()
        .max(100)
        .default(2)
        .describe('Above 1, what the teacher thinks of the wrong classes counts more'),
      hardShare: z
        .number()
        .min(0)
        .max(1)
        .default(0.5)
        .describe('Share of the cross-entropy of the labels; the rest imitates the teacher'),
      checkpoint: digest
        .optional()
        .describe('SHA-256 of the teacher’s weights as a run used them; absent = the best ones. A run fills it in'),
    })
    .describe(
      'Learns from a trained model as well as from the labels (Hinton, Vinyals & Dean 2015). The teacher sees each batch as it is after augmentation, and stays as it is',
    ),
  z
    .strictObject({
      kind: z.literal('focal'),
      gamma: z.number().min(0).default(2).describe('How much less the easy ones count'),
    })
    .describe('Cross-entropy that forgets what is easy (Lin et al. 2017)'),
  z
    .strictObject({ kind: z.literal('dice'), smooth: z.number().positive().default(1) })
    .describe(
      'Masks: overlap of prediction and truth (Milletari et al. 2016); large classes count no more than small ones',
    ),
  z
    .strictObject({
      kind: z.literal('dice_cross_entropy'),
      diceShare: z.number().min(0).max(1).default(0.5),
      smooth: z.number().positive().default(1),
    })
    .describe('Masks: both'),
  z.strictObject({ kind: z.literal('mse') }).describe('Mean squared error'),
  z.strictObject({ kind: z.literal('l1') }).describe('Mean absolute error: outliers pull less'),
  z
    .strictObject({ kind: z.literal('huber'), delta: z.number().positive().default(1) })
    .describe('Squared up to an error of delta standard deviations, straight beyond (Huber 1964)'),
  z
    .strictObject({ kind: z.literal('smooth_l1'), beta: z.number().positive().default(1) })
    .describe('Huber divided by its beta (Girshick 2015)'),
  z
    .strictObject({
      kind: z.literal('info_nce'),
      temperature: z
        .number()
        .positive()
        .max(10)
        .default(0.1)
        .describe('What cosine similarities are divided by: the lower, the more the hardest negatives count'),
    })
    .describe(
      'Metric learning: each picture has to find those of its class among all of the batch (InfoNCE, van den Oord et al. 2018; with labels: Khosla et al. 2020)',
    ),
  z
    .strictObject({
      kind: z.literal('triplet'),
      margin: z
        .number()
        .positive()
        .max(2)
        .default(0.2)
        .describe('How much farther a picture of another class must be; embeddings are at most 2 apart'),
      mining: tripletMining.default('semi_hard'),
    })
    .describe('Metric learning: a picture lies closer to one of its class than to one of another'),
]);
export type LossConfig = z.infer<typeof lossConfig>;

export const taskName = z.enum([
  'image-classification',
  'table-classification',
  'table-regression',
  'text-classification',
  'series-forecasting',
  'language-modeling',
  'sequence-to-sequence',
  'image-segmentation',
  'object-detection',
  'node-classification',
  'image-generation',
  'metric-learning',
]);
export type TaskName = z.infer<typeof taskName>;

/** How text becomes tokens. */
export const textData = z.strictObject({
  column: z.string().optional().describe('The column of the text; absent = the only column of type text'),
  length: z.int().min(2).max(8192).default(128).describe('Tokens that the model sees at once'),
  unit: z
    .enum(['words', 'characters', 'bytes'])
    .optional()
    .describe('words: between white space; characters and bytes: for language modeling, whose default is characters'),
  vocabulary: z
    .int()
    .min(2)
    .max(1_000_000)
    .default(10_000)
    .describe('At most so many different tokens, the most frequent of train; all others are one unknown token'),
  minimumCount: z.int().min(1).default(2).describe('A word that occurs less often in train is unknown'),
  lowercase: z.boolean().default(true).describe('Upper and lower case are the same word'),
  punctuation: z
    .boolean()
    .default(true)
    .describe('Text classification: every punctuation mark is a word of its own, not a part of the word before it'),
  shapes: z
    .boolean()
    .default(true)
    .describe(
      'Text classification: of a word that the vocabulary lacks, the model still knows whether it is a number, has digits, or has letters beyond ASCII',
    ),
});

const sequenceSide = z.strictObject({
  column: z.string().optional().describe('Absent = the first, and for the target the second, of two columns of text'),
  unit: z.enum(['characters', 'words']).default('characters').describe('words: between white space'),
  length: z
    .int()
    .min(2)
    .max(1024)
    .default(32)
    .describe('Tokens at most; what is longer is cut. The end of a target takes one of them'),
  vocabulary: z
    .int()
    .min(4)
    .max(1_000_000)
    .default(10_000)
    .describe('At most so many different tokens, the most frequent of train; all others are one unknown token'),
  minimumCount: z.int().min(1).default(1).describe('A token that occurs less often in train is unknown'),
  lowercase: z.boolean().default(false).describe('Upper and lower case are the same'),
});

/** Which columns of a table are read and written, and how they become tokens. */
export const sequenceData = z.strictObject({
  source: sequenceSide.prefault({}).describe('What the model reads'),
  target: sequenceSide.prefault({}).describe('What it learns to write'),
});

/** How the rows of a table become windows of a series. */
export const seriesData = z.strictObject({
  time: z.string().optional().describe('The column that the rows are ordered by; absent = the order of the rows'),
  columns: z.array(z.string()).default([]).describe('Numbers that the model sees; empty = the targets'),
  targets: z.array(z.string()).default([]).describe('Numbers to forecast; empty = the target of the dataset'),
  length: z.int().min(1).max(8192).default(24).describe('Rows that the model sees'),
  horizon: z.int().min(1).max(1024).default(6).describe('Rows that it forecasts'),
  origin: z
    .enum(['last', 'mean'])
    .default('last')
    .describe('What values are measured from: last = the newest of the window, so that trends go on; mean = of train'),
});

/** Items of a class in a batch of metric learning, where the config says nothing. */
export const ITEMS_PER_CLASS = 4;

export const runConfig = z.strictObject({
  name: z.string().max(120).default('').describe('What to call the run; empty = made up from model and time'),
  experiment: z.string().min(1).max(120).default('default').describe('The experiment the run belongs to'),
  task: taskName.describe('What is learned'),
  seed: z
    .int()
    .min(0)
    .max(4294967295)
    .default(0)
    .describe('Same seed, config, data and thread count on CPU: the same weights to the bit'),
  data: z.strictObject({
    dataset: z.string().min(1).describe('Digest of a dataset version, or name@version, or name (its newest version)'),
    labelSet: z
      .string()
      .default('')
      .describe('Id of a label set, optionally @digest of a version; empty = the imported labels'),
    batchSize: z.int().min(1).max(65536).default(64),
    itemsPerClass: z
      .int()
      .min(2)
      .max(4096)
      .optional()
      .describe(
        `Metric learning: a batch holds so many items of each of batchSize / itemsPerClass classes; absent = ${ITEMS_PER_CLASS}. An epoch takes as many batches as the items fill, of every class equally often`,
      ),
    validationFraction: z
      .number()
      .min(0)
      .max(0.5)
      .default(0.1)
      .describe('Drawn from train with the seed when the dataset has no validation split'),
    features: z.array(z.string()).default([]).describe('Columns of a table to learn from; empty = all but the target'),
    weights: z
      .string()
      .optional()
      .describe(
        'Tables: a column of numbers that says how much each row counts in the loss it is trained on; it is not learned from. Rows of weight 0 are left out; evaluation counts all others alike',
      ),
    text: textData.optional().describe('Text tasks: which text, and how it becomes tokens'),
    sequences: sequenceData.optional().describe('Sequence to sequence: what is read, and what is written'),
    series: seriesData.optional().describe('Forecasting: which columns, and how much of them'),
  }),
  preprocessing: z
    .strictObject({
      resize: z
        .tuple([z.int().min(4).max(1024), z.int().min(4).max(1024)])
        .optional()
        .describe('Height and width the model sees; absent = that of the dataset'),
      channels: z
        .union([z.literal(1), z.literal(3)])
        .optional()
        .describe('1 = grey, 3 = colour; absent = that of the dataset'),
      normalize: z
        .enum(['dataset', 'unit', 'none'])
        .default('dataset')
        .describe('dataset: subtract mean, divide by standard deviation of train; unit: to 0…1; none: 0…255'),
    })
    .prefault({})
    .describe('Part of the exported graph: the deployed model takes raw pixels or raw columns'),
  augmentation: augmentationConfig
    .optional()
    .describe('Random changes of the samples of train, new ones at each step; the same ones for the same seed'),
  model: modelConfig,
  loss: lossConfig.default({ kind: 'cross_entropy', labelSmoothing: 0 }),
  optimizer: optimizerConfig.prefault({ kind: 'adamw' }),
  schedule: scheduleConfig.prefault({ kind: 'constant' }),
  training: trainingConfig.prefault({}),
  device: z
    .union([z.literal('auto'), executionProvider])
    .default('cpu')
    .describe('cpu is the reference; auto takes the first GPU whose self-test passed'),
  threads: z.int().min(0).max(256).default(0).describe('CPU threads of the run; 0 = one per physical core'),
  tags: z.record(z.string(), z.string()).default({}),
});
export type RunConfig = z.infer<typeof runConfig>;
