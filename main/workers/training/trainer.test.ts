import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainerMessage } from '../../contract/training-worker.ts';
import { ArtifactStore } from '../../storage/artifacts/artifact-store.ts';
import { loadCheckpoint } from './checkpoint-file.ts';
import { type Digits, digitsConfig, digitsDataset, runTrainer, trainerInputOf } from './digits.test-support.ts';

type CheckpointMessage = Extract<TrainerMessage, { type: 'checkpoint' }>;

let digits: Digits;
let store: ArtifactStore;
beforeAll(async () => {
  digits = await digitsDataset(2000, 500);
  store = new ArtifactStore(digits.workspaceFolder);
});
afterAll(() => rmSync(digits.workspaceFolder, { recursive: true, force: true }));

const checkpoints = (messages: readonly TrainerMessage[]) =>
  messages.filter((message): message is CheckpointMessage => message.type === 'checkpoint');
const lastCheckpoint = (messages: readonly TrainerMessage[]) => checkpoints(messages).at(-1) as CheckpointMessage;

/** Dropout and batch norm, so that random numbers and running statistics have to go on as well. */
const config = digitsConfig({
  data: { dataset: 'digits', batchSize: 50, validationFraction: 0.1 },
  model: { kind: 'mlp', hidden: [32], dropout: 0.2 },
  training: { epochs: 3, checkpointEverySteps: 7, clipNorm: 1 },
  schedule: { kind: 'cosine', warmupSteps: 5 },
  seed: 4_000_000_000,
});

describe('the trainer', () => {
  it('learns real digits, validates each epoch, evaluates the best weights on validation and test', async () => {
    const run = runTrainer(trainerInputOf(digits, digitsConfig({ training: { epochs: 4 } })));
    const ended = await run.ended;
    expect(ended).toMatchObject({ result: { outcome: 'finished', reason: 'complete', step: 4 * 29 } });
    const evaluations = run.messages.flatMap((message) => (message.type === 'evaluation' ? [message] : []));
    expect(evaluations.map(({ evaluation }) => [evaluation.split, evaluation.count])).toEqual([
      ['validation', 200],
      ['test', 500],
    ]);
    const test = evaluations[1].evaluation.classification;
    expect(test?.accuracy).toBeGreaterThan(0.83);
    expect(test?.confusion.flat().reduce((sum, count) => sum + count, 0)).toBe(500);
    const values = run.messages.flatMap((message) => (message.type === 'points' ? message.points : []));
    expect(values.filter((point) => point.values.validation_accuracy !== undefined).map(({ epoch }) => epoch)).toEqual([
      1, 2, 3, 4,
    ]);
    // The same predictions as the loop's own validation of the best checkpoint.
    const best = checkpoints(run.messages)
      .filter((message) => message.best)
      .at(-1) as CheckpointMessage;
    expect(evaluations[0].evaluation.loss).toBeCloseTo(best.metrics['best.validation_loss'], 6);
  });

  it('gives the same weights to the bit for the same seed, config and threads, and others for another seed', async () => {
    const runs = [config, config, { ...config, seed: 1 }].map((each) => runTrainer(trainerInputOf(digits, each)));
    for (const run of runs) expect(await run.ended).toHaveProperty('result');
    const [a, b, c] = runs.map((run) => checkpoints(run.messages).map(({ artifact }) => artifact.digest));
    expect(b).toEqual(a);
    expect(c.at(-1)).not.toBe(a.at(-1));
  });

  it('goes on after a pause and after kill -9 in mid-epoch to the very bits of the unbroken run', async () => {
    const unbroken = runTrainer(trainerInputOf(digits, config));
    await unbroken.ended;

    const paused = runTrainer(trainerInputOf(digits, config), (message) => {
      if (message.type === 'checkpoint' && message.step === 14) paused.send({ type: 'pause' });
    });
    expect(await paused.ended).toMatchObject({ result: { outcome: 'paused' } });
    const first = lastCheckpoint(paused.messages);
    const resume = (message: CheckpointMessage, best: string | null) => ({
      checkpointDigest: message.artifact.digest,
      bestCheckpointDigest: best,
      elapsedMs: 5,
    });

    const killed = runTrainer(trainerInputOf(digits, config, { resume: resume(first, null) }), (message) => {
      if (message.type === 'checkpoint' && message.step === 49) killed.kill();
    });
    expect(await killed.ended).toBeNull();
    // A quick trainer may have written another before the signal reached it.
    const until = checkpoints(killed.messages).filter(({ step }) => step <= 49);
    const second = until.at(-1) as CheckpointMessage;
    expect(second.step).toBe(49);
    const best = until.filter((message) => message.best).at(-1);

    const resumed = runTrainer(
      trainerInputOf(digits, config, { resume: resume(second, best?.artifact.digest ?? null) }),
    );
    expect(await resumed.ended).toHaveProperty('result');
    expect(lastCheckpoint(resumed.messages).artifact.digest).toBe(lastCheckpoint(unbroken.messages).artifact.digest);
    const evaluationOf = (messages: readonly TrainerMessage[]) =>
      messages.flatMap((message) => (message.type === 'evaluation' ? [message.predictions.digest] : []));
    expect(evaluationOf(resumed.messages)).toEqual(evaluationOf(unbroken.messages));
  });

  it('stops early when validation no longer improves, and evaluates the best weights', async () => {
    const run = runTrainer(
      trainerInputOf(
        digits,
        digitsConfig({
          training: { epochs: 50, earlyStopping: { patienceEpochs: 2, minimumDelta: 10 } },
        }),
      ),
    );
    expect(await run.ended).toMatchObject({ result: { reason: 'early_stopping', step: 3 * 29 } });
  });

  it('ends when asked to finish and still evaluates', async () => {
    const run = runTrainer(trainerInputOf(digits, digitsConfig({ training: { epochs: 500 } })), (message) => {
      if (message.type === 'points') run.send({ type: 'finish' });
    });
    expect(await run.ended).toMatchObject({ result: { outcome: 'finished', reason: 'stopped' } });
    expect(run.messages.some((message) => message.type === 'evaluation')).toBe(true);
  });

  it('says that the loss is no longer a number, when and where, and leaves the last good checkpoint', async () => {
    const run = runTrainer(
      trainerInputOf(
        digits,
        digitsConfig({
          optimizer: { kind: 'sgd', learningRate: 1e30, momentum: 0.9 },
          training: { epochs: 1, checkpointEverySteps: 1 },
        }),
      ),
    );
    const ended = await run.ended;
    expect(ended).toMatchObject({
      error: { code: 'training.diverged', cause: expect.stringMatching(/step \d+ .*layers\.\d+ \(Linear\)/) },
    });
    const { tensors } = loadCheckpoint(store, lastCheckpoint(run.messages).artifact.digest);
    expect(tensors.size).toBeGreaterThan(0);
  });

  it('says that validation finds no number, when the last step of an epoch broke the weights', async () => {
    const run = runTrainer(
      trainerInputOf(
        digits,
        digitsConfig({
          // The whole of train at once: each epoch is one step, whose own loss is still that of the first weights.
          data: { dataset: 'digits', batchSize: 65536, validationFraction: 0.1 },
          optimizer: { kind: 'sgd', learningRate: 1e39, momentum: 0 },
          training: { epochs: 1 },
        }),
      ),
    );
    expect(await run.ended).toMatchObject({
      error: {
        code: 'training.diverged',
        cause: expect.stringMatching(/validation loss .* step 1 .*no longer finite is layers\.\d+ \(Linear\)/),
      },
    });
    expect(checkpoints(run.messages)).toEqual([]);
  });

  it('names a damaged checkpoint instead of starting from nothing', async () => {
    const run = runTrainer(
      trainerInputOf(digits, config, {
        resume: { checkpointDigest: digits.manifestDigest, bestCheckpointDigest: null, elapsedMs: 0 },
      }),
    );
    expect(await run.ended).toMatchObject({
      error: { code: 'workspace.damaged', cause: expect.stringContaining(digits.manifestDigest) },
    });
  });
});
