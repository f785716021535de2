import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TrainerMessage } from '../../contract/training-worker.ts';
import { ArtifactStore } from '../../storage/artifacts/artifact-store.ts';
import { loadCheckpoint } from './checkpoint-file.ts';
import { type Digits, digitsConfig, digitsDataset, runTrainer, trainerInputOf } from './digits.test-support.ts';

type CheckpointMessage = Extract<TrainerMessage, { type: 'checkpoint' }>;

let digits: Digits;
let store: ArtifactStore;
beforeAll(async () => {
  digits = await digitsDataset(600, 100);
  store = new ArtifactStore(digits.workspaceFolder);
});
afterAll(() => rmSync(digits.workspaceFolder, { recursive: true, force: true }));

const checkpoints = (messages: readonly TrainerMessage[]) =>
  messages.filter((message): message is CheckpointMessage => message.type === 'checkpoint');
const evaluations = (messages: readonly TrainerMessage[]) =>
  messages.flatMap((message) => (message.type === 'evaluation' ? [message] : []));
const points = (messages: readonly TrainerMessage[]) =>
  messages.flatMap((message) => (message.type === 'points' ? message.points : []));
const tensorsOf = (message: CheckpointMessage) => loadCheckpoint(store, message.artifact.digest).tensors;

/** Long enough for several steps in one go. */
const everything = digitsConfig({
  data: { dataset: 'digits', batchSize: 10, validationFraction: 0.1 },
  preprocessing: { resize: [12, 12] },
  augmentation: {
    kind: 'image',
    ...{
      horizontalFlip: 0.1,
      verticalFlip: 0.1,
      crop: 1,
      rotation: 10,
      scaling: [0.9, 1.1],
      translation: 0.1,
      shear: 5,
    },
    ...{ brightness: 0.2, contrast: 0.2, cutout: 3, mixup: 0.3 },
  },
  model: { kind: 'cnn', channels: [4, 4], padding: 1, hidden: [16], norm: 'batch', dropout: 0.1 },
  loss: { kind: 'cross_entropy', labelSmoothing: 0.05 },
  optimizer: {
    kind: 'adamw',
    learningRate: 0.005,
    weightDecayExclusions: 'biases_and_norms',
    parameterGroups: [
      { match: 'layers.0.*', frozen: true },
      { match: '*.bias', learningRateFactor: 2 },
    ],
  },
  training: {
    epochs: 4,
    accumulate: 2,
    clipNorm: 1,
    weightAverage: { decay: 0.98 },
    checkpointSegments: 2,
    mixedPrecision: true,
    checkpointEverySteps: 70,
  },
});

it('goes on to the very bits of the unbroken run with all options at once', async () => {
  const unbroken = runTrainer(trainerInputOf(digits, everything));
  expect(await unbroken.ended).toMatchObject({ result: { outcome: 'finished', step: 216 } });
  const paused = runTrainer(trainerInputOf(digits, everything), (message) => {
    if (message.type === 'checkpoint' && message.step === 70) paused.send({ type: 'pause' });
  });
  expect(await paused.ended).toMatchObject({ result: { outcome: 'paused' } });
  const last = checkpoints(paused.messages).at(-1) as CheckpointMessage;
  const best = checkpoints(paused.messages).findLast((message) => message.best);
  const resumed = runTrainer(
    trainerInputOf(digits, everything, {
      resume: {
        checkpointDigest: last.artifact.digest,
        bestCheckpointDigest: best?.artifact.digest ?? null,
        elapsedMs: 5,
      },
    }),
  );
  expect(await resumed.ended).toHaveProperty('result');
  const [a, b] = [unbroken, resumed].map(({ messages }) => checkpoints(messages));
  expect(b.at(-1)?.artifact.digest).toBe(a.at(-1)?.artifact.digest);
  expect(evaluations(resumed.messages).map(({ predictions }) => predictions.digest)).toEqual(
    evaluations(unbroken.messages).map(({ predictions }) => predictions.digest),
  );
  // It learned, and the frozen layer did not.
  expect(evaluations(unbroken.messages)[1].evaluation.classification?.accuracy).toBeGreaterThan(0.4);
  const [first, end] = [a[0], a[a.length - 1]].map(tensorsOf);
  expect(end.get('layers.0.weight')).toEqual(first.get('layers.0.weight'));
  expect(end.has('average.layers.0.weight')).toBe(false);
  const averages = [...end.keys()].filter((name) => name.startsWith('average.'));
  expect(averages.length).toBeGreaterThan(4);
  expect(points(unbroken.messages).every(({ values }) => values.loss_scale > 0)).toBe(true);
});

it('validates and evaluates the average of the weights, and keeps both', async () => {
  // An average that stands still: what is evaluated has learned nothing, although the weights have.
  const run = runTrainer(
    trainerInputOf(
      digits,
      digitsConfig({
        training: { epochs: 4, weightAverage: { decay: 0.999999, warmup: false } },
        optimizer: { kind: 'adamw', learningRate: 0.005 },
      }),
    ),
  );
  expect(await run.ended).toHaveProperty('result');
  expect(evaluations(run.messages)[1].evaluation.classification?.accuracy).toBeLessThan(0.4);
  const last = points(run.messages).at(-1)?.values;
  expect(last?.train_accuracy).toBeGreaterThan(0.8);
  expect(last?.validation_accuracy).toBeLessThan(0.4);
  const tensors = tensorsOf(checkpoints(run.messages).at(-1) as CheckpointMessage);
  expect(tensors.get('average.layers.1.weight')).not.toEqual(tensors.get('layers.1.weight'));
});

it('says that the run ends before its learning rate has warmed up', async () => {
  const warnings = async (warmupSteps: number) => {
    const run = runTrainer(trainerInputOf(digits, digitsConfig({ schedule: { kind: 'cosine', warmupSteps } })));
    expect(await run.ended).toMatchObject({ result: { step: 9 } });
    return run.messages.flatMap((message) => (message.type === 'log' ? [message.text] : []));
  };
  const [short, long] = await Promise.all([warnings(8), warnings(9)]);
  expect(short).toEqual([]);
  expect(long).toEqual([expect.stringContaining('9 steps, and schedule.warmupSteps is 9')]);
});

it('limits gradients by value', async () => {
  const losses = async (training: Record<string, unknown>) => {
    const optimizer = { kind: 'sgd', learningRate: 0.1, momentum: 0 };
    const run = runTrainer(trainerInputOf(digits, digitsConfig({ optimizer, training: { epochs: 2, ...training } })));
    expect(await run.ended).toHaveProperty('result');
    return points(run.messages).flatMap(({ values }) => values.validation_loss ?? []);
  };
  const [free, limited] = await Promise.all([losses({}), losses({ clipValue: 1e-9 })]);
  expect(free[1]).toBeLessThan(0.9 * free[0]);
  expect(limited[1]).toBeCloseTo(limited[0], 4);
});

it.each([
  { kind: 'binary_cross_entropy', positiveWeight: 3 },
  { kind: 'hinge' },
  { kind: 'multi_margin' },
  { kind: 'focal' },
] as const)('learns classes with the loss $kind, and says how many it tells right', async (loss) => {
  const run = runTrainer(
    trainerInputOf(
      digits,
      digitsConfig({ loss, training: { epochs: 4 }, optimizer: { kind: 'adamw', learningRate: 0.005 } }),
    ),
  );
  expect(await run.ended).toHaveProperty('result');
  expect(evaluations(run.messages)[1].evaluation.classification?.accuracy).toBeGreaterThan(0.7);
  expect(points(run.messages).at(-1)?.values.train_accuracy).toBeGreaterThan(0.8);
});
