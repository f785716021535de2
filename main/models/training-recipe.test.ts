import { expect, it } from 'vitest';
import { PADDING, type PreprocessingSpec, UNKNOWN } from '../graph/index.ts';
import { trainingOptionsOf } from './training-recipe.ts';

const optimizer = { kind: 'sgd', learningRate: 0.1, momentum: 0.9 } as const;
const series: PreprocessingSpec = {
  ...{ kind: 'series', columns: [{ mean: 0, deviation: 1 }], targets: [0] },
  ...{ length: 4, horizon: 1, origin: 'last' },
};

it('leaves out what a config leaves out', () => {
  const training = { clipNorm: undefined, weightAverage: undefined, mixedPrecision: false };
  expect(trainingOptionsOf({ optimizer, training, augmentation: undefined }, series)).toEqual({
    optimizer: { kind: 'sgd', momentum: 0.9 },
  });
});

it('says in the words of the compiler what is asked for', () => {
  const treatment = {
    parameterGroups: [{ match: '*.bias', frozen: true, weightDecay: undefined }],
    weightDecayExclusions: 'biases_and_norms',
  } as const;
  const training = { accumulate: 4, mixedPrecision: true, checkpointSegments: 2, weightAverage: { decay: 0.9 } };
  expect(trainingOptionsOf({ optimizer: { ...optimizer, ...treatment }, training }, series)).toEqual({
    optimizer: { kind: 'sgd', momentum: 0.9 },
    parameterGroups: [{ match: '*.bias', frozen: true }],
    weightDecayExclusions: 'biases_and_norms',
    microBatches: 4,
    mixedPrecision: {},
    checkpointSegments: 2,
    weightAverage: { decay: 0.9 },
  });
});

it('hides tokens as unknown ones, and changes colours in the pixels from before the normalisation', () => {
  const augmented = (augmentation: Parameters<typeof trainingOptionsOf>[0]['augmentation'], spec: PreprocessingSpec) =>
    trainingOptionsOf({ optimizer, training: {}, augmentation }, spec).augmentation;
  expect(
    augmented({ kind: 'text', masking: 0.2 }, { kind: 'text', vocabulary: [], length: 2, lowercase: true }),
  ).toEqual({ kind: 'text', masking: 0.2, maskId: UNKNOWN, paddingId: PADDING });
  expect(augmented({ kind: 'series', jitter: 0.1, crop: undefined }, series)).toEqual({ kind: 'series', jitter: 0.1 });
  const [mean, deviation] = [[0.5], [0.25]];
  const pictures: PreprocessingSpec = {
    ...{ kind: 'image', layout: 'nhwc', channels: 1, height: 2, width: 2 },
    ...{ mean, deviation },
  };
  expect(augmented({ kind: 'image', crop: 2 }, pictures)).toEqual({
    kind: 'image',
    crop: 2,
    normalization: { mean, deviation },
  });
});
