import type { RunConfig } from '../../contract/run-config.ts';
import type { TrialResult } from '../../contract/trial-results.ts';
import type { TrialInput, TrialQuestion } from '../../contract/trials.ts';
import { trainingOptionsOf } from '../../models/index.ts';
import { exponentialRates, hasDiverged, smoothLosses, suggestRates } from '../../stats/learning-rate-sweep.ts';
import { judgeBatchFit, lossFloor } from './batch-fit.ts';
import { shuffledBatches } from './batch-sampler.ts';
import type { Experiment } from './experiment.ts';
import type { Feeds, PreparedSet } from './feeds.ts';
import { StepRunner } from './step-runner.ts';

/** Digits of what is kept. */
const PRECISION = 6;

export interface TrialControl {
  /** @throws LightbenchError job.cancelled */
  check(): void;
  progress(phase: string, done: number, total: number): void;
}

/** Trains a little to answer one question about a config. Weights, order of items and batches are those of a run. */
export async function runTrial(experiment: Experiment, input: TrialInput, control: TrialControl): Promise<TrialResult> {
  const { config, question } = input;
  const { task, computing } = experiment;
  const { train } = task.sets;
  const usualSize = Math.min(config.data.batchSize, train.length);
  const { batchSize, order } = task.sampler ?? shuffledBatches(train.length, usualSize, config.seed);
  const wanted = question.kind === 'one_batch' ? batchSize : batchSize * question.steps;
  // A graph cannot be learned from in parts.
  const items =
    computing.model.fullBatch === true ? train : Int32Array.from(order(0).subarray(0, wanted), (row) => train[row]);
  const set = await task.prepare(items, (done, total) => control.progress('Preparing the data', done, total));
  const runner = await StepRunner.create(
    computing.model,
    {
      ...trainingOptionsOf(asTried(config, question), task.preprocessing, computing.model),
      loss: task.loss,
      seed: config.seed,
      target: computing.target,
    },
    computing.settings,
    set.whole ? 1 : batchSize,
    null,
  );
  try {
    const trial: Trial = { input, runner, set, batchSize: set.whole ? set.count : batchSize, control };
    return question.kind === 'learning_rate' ? await sweep(trial, question) : await fitOneBatch(trial, question);
  } finally {
    await runner.dispose();
    await set.dispose();
  }
}

/** A batch that changes with every step cannot be learned by heart. */
function asTried(config: RunConfig, { kind }: TrialQuestion): RunConfig {
  return kind === 'one_batch' ? { ...config, augmentation: undefined } : config;
}

interface Trial {
  readonly input: TrialInput;
  readonly runner: StepRunner;
  readonly set: PreparedSet;
  readonly batchSize: number;
  readonly control: TrialControl;
}

async function sweep(
  trial: Trial,
  { minimum, maximum, steps }: Extract<TrialQuestion, { kind: 'learning_rate' }>,
): Promise<TrialResult> {
  const { set, batchSize } = trial;
  const rates = exponentialRates(minimum, maximum, steps);
  const batches = Math.max(1, Math.floor(set.count / batchSize));
  const losses: number[] = [];
  let smoothed: number[] = [];
  for (const [step, rate] of rates.entries()) {
    const first = (step % batches) * batchSize;
    losses.push(await oneStep(trial, step + 1, rate, await set.feeds(rowsFrom(first, batchSize), 1)));
    smoothed = smoothLosses(losses);
    trial.control.progress('Raising the learning rate', step + 1, steps);
    if (hasDiverged(smoothed)) break;
  }
  const tried = rates.slice(0, losses.length);
  const { steepest, divergence, tenthOfDivergence } = suggestRates(tried, smoothed);
  const sound = losses.findIndex((loss) => !Number.isFinite(loss));
  const kept = sound < 0 ? losses.length : sound;
  return {
    kind: 'learning_rate',
    rates: tried.slice(0, kept).map(short),
    losses: losses.slice(0, kept).map(short),
    smoothed: smoothed.slice(0, kept).map(short),
    steepest: steepest === null ? null : short(steepest),
    divergence: divergence === null ? null : short(divergence),
    tenthOfDivergence: tenthOfDivergence === null ? null : short(tenthOfDivergence),
  };
}

async function fitOneBatch(
  trial: Trial,
  { steps }: Extract<TrialQuestion, { kind: 'one_batch' }>,
): Promise<TrialResult> {
  const { config, classes } = trial.input;
  const feeds = await trial.set.feeds(rowsFrom(0, trial.batchSize), 1);
  const floor = lossFloor(config, classes.length);
  const losses: number[] = [];
  for (let step = 1; step <= steps; step++) {
    const loss = await oneStep(trial, step, config.optimizer.learningRate, feeds);
    if (!Number.isFinite(loss)) return judgeBatchFit(config, feeds, [...losses, loss], floor);
    losses.push(loss);
    trial.control.progress('Learning one batch', step, steps);
    if (judgeBatchFit(config, feeds, losses, floor).verdict === 'fits') break;
  }
  return judgeBatchFit(config, feeds, losses, floor);
}

async function oneStep({ input, runner, set, control }: Trial, step: number, rate: number, feeds: Feeds) {
  control.check();
  const [figures] = await runner.run(step, Float32Array.of(rate), input.config.seed, feeds, set.whole);
  return figures.loss;
}

const rowsFrom = (first: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => first + i);

const short = (value: number): number => Number(value.toPrecision(PRECISION));
