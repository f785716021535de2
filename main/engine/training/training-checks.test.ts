import { expect, it } from 'vitest';
import { runConfig } from '../../contract/run-config.ts';
import type { PreprocessingSpec } from '../../graph/index.ts';
import { modelFor } from '../../models/index.ts';
import { checkAgainstModel, checkBatches, checkTraining, checkValidation } from './training-checks.ts';

function problemsOf(patch: Record<string, unknown>): string[] {
  const config = runConfig.parse({
    task: 'image-classification',
    data: { dataset: 'digits', batchSize: 8 },
    model: { kind: 'mlp', hidden: [4] },
    ...patch,
  });
  const found: string[] = [];
  const report = (severity: string) => (path: string, message: string, suggestion: string) => {
    expect(message).toMatch(/\.$/);
    found.push(`${severity} ${path}: ${suggestion}`);
    return null;
  };
  const checks = { config, error: report('error'), warning: report('warning') };
  checkTraining(checks);
  checkBatches(checks, 2);
  checkValidation(checks, 0);
  const model = modelFor('image-classification', config.model, pictures(config.preprocessing.channels ?? 3), 2);
  checkAgainstModel(checks, model);
  return found;
}

function pictures(channels: number): PreprocessingSpec {
  const [mean, deviation] = [Array<number>(channels).fill(0), Array<number>(channels).fill(1)];
  return { kind: 'image', layout: 'nhwc', channels, height: 4, width: 4, mean, deviation };
}

const image = (changes: Record<string, unknown>) => ({ augmentation: { kind: 'image', ...changes } });

it('finds nothing wrong with what works', () => {
  expect(problemsOf({})).toEqual([]);
  expect(
    problemsOf({
      ...image({ horizontalFlip: 0.5, crop: 4, hue: 0.1, mixup: 0.2 }),
      training: { accumulate: 8, clipValue: 1, weightAverage: {}, checkpointSegments: 4, mixedPrecision: true },
      optimizer: { kind: 'sgd', parameterGroups: [{ match: 'layers.1.*', frozen: true }] },
      device: 'cuda',
    }),
  ).toEqual([]);
});

it.each([
  [{ training: { clipNorm: 1, clipValue: 1 } }, 'error training.clipValue: Remove one of the two.'],
  [{ training: { accumulate: 9 } }, 'warning training.accumulate: Raise data.batchSize, or lower it to 8.'],
  [{ task: 'node-classification', training: { accumulate: 2 } }, 'error training.accumulate: Remove accumulate.'],
  [{ task: 'metric-learning', training: { accumulate: 2 } }, 'error training.accumulate: Remove accumulate.'],
  [
    { task: 'metric-learning', data: { dataset: 'digits', batchSize: 8, itemsPerClass: 8 } },
    'error data.batchSize: Raise it to 16, or lower data.itemsPerClass.',
  ],
  [
    { task: 'metric-learning', data: { dataset: 'digits', batchSize: 16 } },
    'warning data.batchSize: Set it to 8, or change data.itemsPerClass.',
  ],
  [{ data: { dataset: 'digits', itemsPerClass: 4 } }, 'warning data.itemsPerClass: Remove it.'],
  [
    { data: { dataset: 'digits', validationFraction: 0 }, training: { earlyStopping: {} } },
    'error training.earlyStopping: Remove it, or set data.validationFraction to 0.1 or so.',
  ],
  [
    { data: { dataset: 'digits', validationFraction: 0 }, schedule: { kind: 'reduce_on_plateau' } },
    'error schedule.kind: Choose another schedule, such as cosine, or set data.validationFraction to 0.1 or so.',
  ],
  [{ data: { dataset: 'digits', validationFraction: 0 } }, 'warning data.validationFraction: Set it to 0.1 or so.'],
  [{ task: 'image-generation', training: { earlyStopping: {} } }, 'error training.earlyStopping: Remove it.'],
  [
    { task: 'image-generation', schedule: { kind: 'reduce_on_plateau' } },
    'error schedule.kind: Choose another schedule, such as cosine.',
  ],
  [{ training: { mixedPrecision: true } }, 'warning training.mixedPrecision: Remove it, or choose another device.'],
  [{ augmentation: { kind: 'text' } }, 'error augmentation.kind: Use kind: image.'],
  [{ task: 'table-regression', ...image({}) }, 'error augmentation.kind: Remove augmentation.'],
  [image({ mixup: 1, cutmix: 1 }), 'error augmentation.cutmix: Remove one of the two.'],
  [
    { loss: { kind: 'focal' }, ...image({ mixup: 1 }) },
    'error augmentation.mixup: Use loss: { kind: cross_entropy }, or remove mixup.',
  ],
  [{ task: 'image-generation', ...image({ cutmix: 1 }) }, 'error augmentation.cutmix: Remove cutmix.'],
  [
    { task: 'image-segmentation', ...image({ crop: 2, cutout: 2 }) },
    'error augmentation.crop: Remove crop; brightness, contrast, saturation, hue and cutout work.',
  ],
  [image({ scaling: [2, 1] }), 'error augmentation.scaling: Write [1, 2].'],
  [{ ...image({ hue: 0.1 }), preprocessing: { channels: 1 } }, 'error augmentation.hue: Remove hue.'],
  [
    { optimizer: { kind: 'sgd', parameterGroups: [{ match: 'layers.1.weights', weightDecay: 1 }] } },
    'error optimizer.parameterGroups.0.match: Did you mean layers.1.weight?',
  ],
  [
    { optimizer: { kind: 'sgd', parameterGroups: [{ match: 'encoder.*', weightDecay: 1 }] } },
    'error optimizer.parameterGroups.0.match: The model has layers.1.weight, layers.1.bias, layers.3.weight, layers.3.bias.',
  ],
  [
    { optimizer: { kind: 'sgd', parameterGroups: [{ match: '*', frozen: true }] } },
    'error optimizer.parameterGroups: Leave one group unfrozen.',
  ],
])('%j is refused or warned of, with what to do instead', (patch, problem) => {
  expect(problemsOf(patch)).toEqual([problem]);
});
