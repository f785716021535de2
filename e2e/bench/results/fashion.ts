import { existsSync } from 'node:fs';
import type { DatasetVersion } from '../../../main/contract/datasets.ts';
import { classify } from './classification.ts';
import type { Figures, Result } from './result.ts';
import type { ResultOptions, Studio } from './studio.ts';
import { circumstances } from './trained.ts';

/** Where the Debian package puts it; LIGHTBENCH_FASHION_MNIST names another folder with the four IDX files. */
const FOLDER = process.env.LIGHTBENCH_FASHION_MNIST ?? '/usr/share/datasets/fashion-mnist';

async function fashion(studio: Studio): Promise<DatasetVersion> {
  if (!existsSync(FOLDER))
    throw new Error(
      `Fashion-MNIST is not in ${FOLDER}: install the Debian package dataset-fashion-mnist, or name a folder with its four IDX files in LIGHTBENCH_FASHION_MNIST.`,
    );
  return studio.path('fashion-mnist', FOLDER);
}

/** A dense network of 50,890 parameters, alone and as the student of the convolutional one. */
async function student(studio: Studio, options: ResultOptions): Promise<Figures> {
  const dataset = await fashion(studio);
  const teacher = await studio.train(dataset, 'image-cnn', options);
  const small = { model: { kind: 'mlp', hidden: [64] }, schedule: { kind: 'cosine' }, training: { epochs: 6 } };
  const alone = await classify(studio, dataset, 'image-mlp', options, small);
  const loss = { kind: 'distillation', teacher: teacher.run.id, temperature: 3, hardShare: 0.3 };
  const taught = await classify(studio, dataset, 'image-mlp', options, { ...small, loss });
  return {
    ...taught,
    aloneTestAccuracy: alone.testAccuracy,
    aloneBestValidationLoss: alone.bestValidationLoss,
    teacherTestAccuracy: teacher.evaluation.classification?.accuracy,
  };
}

/** How well held-out pictures find their class among each other. */
async function embedded(studio: Studio, template: string, options: ResultOptions): Promise<Figures> {
  const dataset = await fashion(studio);
  const trained = await studio.train(dataset, template, options);
  const { recallAt1, recallAt5, meanAveragePrecisionAtR, rPrecision, knnAccuracy } = trained.evaluation.retrieval ?? {};
  return {
    ...{ recallAt1, recallAt5, meanAveragePrecisionAtR, rPrecision, knnAccuracy },
    ...circumstances(dataset, template, trained),
  };
}

/** Fashion-MNIST (Xiao et al. 2017): 60,000 + 10,000 grey pictures of clothes, on the given split. */
export const fashionResults: readonly Result[] = [
  {
    name: 'fashion-cnn',
    title: 'Fashion-MNIST, small convolutional network',
    asked: 'test accuracy of at least 91 %',
    run: async (studio, options) => classify(studio, await fashion(studio), 'image-cnn', options),
  },
  {
    name: 'fashion-resnet',
    title: 'Fashion-MNIST, residual network with augmentation',
    asked: 'test accuracy of at least 93.5 %',
    run: async (studio, options) =>
      classify(studio, await fashion(studio), 'image-resnet', options, {
        data: { batchSize: 128 },
        augmentation: { kind: 'image', crop: 2, horizontalFlip: 0.5 },
        model: { kind: 'resnet', channels: [16, 32, 64, 128, 256], blocks: 1, norm: 'batch' },
        optimizer: { kind: 'sgd', learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.0005 },
        schedule: { kind: 'one_cycle' },
        training: { epochs: 13, weightAverage: { decay: 0.998 } },
      }),
  },
  {
    name: 'fashion-student',
    title: 'Fashion-MNIST, a small dense network that imitates the convolutional one',
    asked: 'test accuracy above that of the same network without a teacher',
    run: student,
  },
  {
    name: 'fashion-info-nce',
    title: 'Fashion-MNIST, embeddings learned with InfoNCE',
    asked: 'recall at 1 of at least 85 %',
    run: (studio, options) => embedded(studio, 'metric-info-nce', options),
  },
  {
    name: 'fashion-triplet',
    title: 'Fashion-MNIST, embeddings learned with semi-hard triplets',
    asked: 'recall at 1 of at least 85 %',
    run: (studio, options) => embedded(studio, 'metric-triplet', options),
  },
];
