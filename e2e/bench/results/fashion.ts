import { existsSync } from 'node:fs';
import type { DatasetVersion } from '../../../main/contract/datasets.ts';
import { classify } from './classification.ts';
import type { Result } from './result.ts';
import type { Studio } from './studio.ts';

/** Where the Debian package puts it; LIGHTBENCH_FASHION_MNIST names another folder with the four IDX files. */
const FOLDER = process.env.LIGHTBENCH_FASHION_MNIST ?? '/usr/share/datasets/fashion-mnist';

async function fashion(studio: Studio): Promise<DatasetVersion> {
  if (!existsSync(FOLDER))
    throw new Error(
      `Fashion-MNIST is not in ${FOLDER}: install the Debian package dataset-fashion-mnist, or name a folder with its four IDX files in LIGHTBENCH_FASHION_MNIST.`,
    );
  return studio.path('fashion-mnist', FOLDER);
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
];
