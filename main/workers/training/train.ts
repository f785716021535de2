import { seededRandom } from '../../base/random.ts';
import type { CheckpointState } from '../../contract/checkpoint.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { MetricPoint } from '../../contract/training.ts';
import type { TrainerInput, TrainerMessage, TrainerResult } from '../../contract/training-worker.ts';
import { compileTrainStep, learningRateAt } from '../../graph/index.ts';
import { lossOf, optimizerOf, scheduleOf } from '../../models/index.ts';
import { residentBytes } from '../../runtime/index.ts';
import type { ArtifactStore } from '../../storage/artifacts/artifact-store.ts';
import { loadCheckpoint, saveCheckpoint } from './checkpoint-file.ts';
import { describeDivergence } from './divergence.ts';
import type { Experiment } from './experiment.ts';
import { crossEntropy, largestAt, predict } from './predict.ts';
import type { PreparedSet } from './prepared-set.ts';
import { type StepFigures, StepRunner } from './step-runner.ts';

/** Stream of the seed for the order of items; epochs count from here. */
const SHUFFLE_STREAM = 1000;
/** A run has at most about this many points, and a point at least every second. */
const POINTS_PER_RUN = 2000;
const POINT_EVERY_MS = 1000;
const SEND_EVERY_MS = 250;

export interface TrainingControl {
  /** What the engine asked for since; looked at after every step. */
  wanted(): 'go_on' | 'pause' | 'finish' | 'cancel';
  send(message: TrainerMessage): void;
}

export interface Trained {
  readonly reason: TrainerResult['reason'];
  readonly step: number;
  /** The weights with the best validation metric; the last ones when there is no validation. */
  readonly parameters: Record<string, Float32Array>;
  readonly metrics: Record<string, number>;
}

/** The metrics that validation can be judged by, and which way is better. */
const DIRECTIONS = { validation_loss: -1, validation_accuracy: 1 } as const;

/**
 * The loop over epochs and steps. What a step does is a function of the state, the step's number and the seed alone, so
 * that a run that goes on from a checkpoint ends with the same bits as one that was never interrupted.
 */
export async function train(
  experiment: Experiment,
  input: TrainerInput,
  store: ArtifactStore,
  control: TrainingControl,
): Promise<Trained> {
  const { config } = input;
  const { model, sets, target, settings } = experiment;
  const resumed = input.resume === null ? null : loadCheckpoint(store, input.resume.checkpointDigest);
  const report = (phase: string) => (done: number, total: number) =>
    control.send({ type: 'progress', phase, done, total, unit: 'items' });
  const trainSet = await experiment.prepare(sets.train, report('Preparing the training data'));
  const validationSet = await experiment.prepare(sets.validation, report('Preparing the validation data'));
  const batchSize = Math.min(config.data.batchSize, trainSet.count);
  const stepsPerEpoch = Math.ceil(trainSet.count / batchSize);
  const totalSteps = stepsPerEpoch * config.training.epochs;
  const schedule = scheduleOf(config.schedule, config.optimizer.learningRate, stepsPerEpoch);
  const compiled = compileTrainStep(model, {
    loss: lossOf(config.loss),
    optimizer: optimizerOf(config.optimizer),
    seed: config.seed,
    target,
    ...(config.training.clipNorm === undefined ? {} : { clipNorm: config.training.clipNorm }),
  });
  const runner = await StepRunner.create(compiled, settings, resumed?.tensors ?? null);
  const batch = new BatchWriter(experiment, trainSet, batchSize);
  const judged = config.training.earlyStopping?.metric ?? 'validation_loss';
  const patience = config.training.earlyStopping?.patienceEpochs ?? Number.POSITIVE_INFINITY;
  const minimumDelta = config.training.earlyStopping?.minimumDelta ?? 0;

  let step = resumed?.state.step ?? 0;
  let best = resumed?.state.best ?? null;
  let bestDigest = input.resume?.bestCheckpointDigest ?? null;
  let epochsWithoutImprovement = resumed?.state.epochsWithoutImprovement ?? 0;
  let metrics: Record<string, number> = { ...resumed?.state.metrics };
  let savedStep = resumed === null ? -1 : step;
  const startedAt = performance.now();
  const elapsedMs = () => (input.resume?.elapsedMs ?? 0) + performance.now() - startedAt;
  const points = new PointCollector(
    control,
    elapsedMs,
    stepsPerEpoch,
    Math.max(1, Math.ceil(totalSteps / POINTS_PER_RUN)),
    experiment,
  );

  const checkpoint = (isBest: boolean) => {
    const state: CheckpointState = {
      version: 1,
      task: config.task,
      model: config.model,
      classes: input.classes,
      columns: input.columns,
      preprocessing: experiment.preprocessing,
      targetScale: experiment.targetScale,
      step,
      stepsPerEpoch,
      best,
      epochsWithoutImprovement,
      metrics,
    };
    const tensors = runner.state().map(([{ name, shape }, data]) => [name, { shape, data }] as const);
    const artifact = saveCheckpoint(store, state, tensors);
    savedStep = step;
    if (isBest) bestDigest = artifact.digest;
    control.send({ type: 'checkpoint', artifact, step, epoch: step / stepsPerEpoch, best: isBest, metrics });
  };

  control.send({
    type: 'started',
    step,
    stepsPerEpoch,
    totalSteps,
    trainCount: trainSet.count,
    validationCount: validationSet.count,
  });
  let reason: Trained['reason'] = 'complete';
  let epochStartedAt = performance.now();
  let order = { epoch: -1, rows: new Uint32Array() };
  try {
    while (step < totalSteps) {
      if (epochsWithoutImprovement >= patience) {
        reason = 'early_stopping';
        break;
      }
      const wanted = control.wanted();
      if (wanted === 'pause' || wanted === 'cancel') {
        if (savedStep !== step) checkpoint(false);
        points.flush();
        if (wanted === 'cancel')
          throw new LightbenchError('job.cancelled', `Stopped at step ${step} of ${totalSteps}.`);
        return { reason: 'paused', step, parameters: {}, metrics };
      }
      if (wanted === 'finish') {
        reason = 'stopped';
        break;
      }
      const epoch = Math.floor(step / stepsPerEpoch);
      if (order.epoch !== epoch) order = { epoch, rows: epochOrder(trainSet.count, config.seed, epoch) };
      const place = step % stepsPerEpoch;
      const rows = order.rows.subarray(place * batchSize, (place + 1) * batchSize);
      const { x, y } = await batch.write(rows);
      const learningRate = learningRateAt(schedule, step + 1, totalSteps);
      const figures = await runner.run(step + 1, learningRate, config.seed, x, y);
      if (!Number.isFinite(figures.loss))
        throw describeDivergence({ step: step + 1, stepsPerEpoch, learningRate, figures, x: x.data, runner, model });
      step++;
      points.add(step, rows.length, learningRate, figures);

      if (step % stepsPerEpoch === 0) {
        points.epochSeconds = (performance.now() - epochStartedAt) / 1000;
        if (validationSet.count > 0) {
          const found = await validate(experiment, runner.parameters(), validationSet);
          metrics = { ...metrics, ...found };
          const value = found[judged] ?? found.validation_loss;
          const gain = best === null ? Number.POSITIVE_INFINITY : (value - best.value) * DIRECTIONS[judged];
          // Any gain is a better checkpoint; only one of the asked size resets the patience.
          epochsWithoutImprovement = gain > minimumDelta ? 0 : epochsWithoutImprovement + 1;
          if (gain > 0) {
            best = { step, value };
            metrics = { ...metrics, 'best.step': step, ...prefixed('best.', found) };
            checkpoint(true);
          }
          points.validated(found);
        }
        points.close(step);
        epochStartedAt = performance.now();
      }
      if (step % config.training.checkpointEverySteps === 0 && savedStep !== step) checkpoint(false);
      points.tick(step, totalSteps);
    }
    points.close(step);
    if (savedStep !== step) checkpoint(false);
    points.flush();
    const parameters = bestDigest === null ? runner.parameters() : parametersOf(store, bestDigest, runner);
    return { reason, step, parameters, metrics };
  } catch (error) {
    points.flush();
    throw error;
  } finally {
    await runner.dispose();
    await trainSet.dispose();
    await validationSet.dispose();
  }
}

/** A function of seed and epoch alone. */
function epochOrder(count: number, seed: number, epoch: number): Uint32Array<ArrayBuffer> {
  const rows = Uint32Array.from({ length: count }, (_, row) => row);
  return seededRandom(seed, SHUFFLE_STREAM + epoch).shuffle(rows);
}

function parametersOf(store: ArtifactStore, digest: string, runner: StepRunner): Record<string, Float32Array> {
  const { tensors } = loadCheckpoint(store, digest);
  const values: Record<string, Float32Array> = {};
  for (const [{ name, kind }] of runner.state()) {
    const value = tensors.get(name);
    if (kind !== 'optimizer' && value !== undefined) values[name] = value;
  }
  return values;
}

async function validate(
  experiment: Experiment,
  parameters: Record<string, Float32Array>,
  set: PreparedSet,
): Promise<Record<string, number>> {
  const outputs = await predict(experiment, parameters, set);
  const items = experiment.sets.validation;
  const { classes } = experiment.input;
  if (classes.length > 0) {
    const truth = Array.from(items, (item) => experiment.truth(item));
    const correct = truth.filter((label, row) => largestAt(outputs, row, classes.length) === label).length;
    return {
      validation_loss: crossEntropy(outputs, truth, classes.length),
      validation_accuracy: correct / truth.length,
    };
  }
  const scale = experiment.targetScale ?? { mean: 0, deviation: 1 };
  let [squares, absolute] = [0, 0];
  items.forEach((item, row) => {
    const difference = outputs[row] - (experiment.truth(item) - scale.mean) / scale.deviation;
    squares += difference ** 2;
    absolute += Math.abs(difference);
  });
  return {
    validation_loss: squares / items.length,
    validation_rmse: Math.sqrt(squares / items.length) * scale.deviation,
    validation_mae: (absolute / items.length) * scale.deviation,
  };
}

function prefixed(prefix: string, values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${prefix}${key}`, value]));
}

/** Gathers the samples and targets of a batch into buffers that every batch reuses. */
class BatchWriter {
  readonly #experiment: Experiment;
  readonly #set: PreparedSet;
  readonly #x: Float32Array;
  readonly #truth: BigInt64Array | Float32Array;
  readonly #y: BigInt64Array | Float32Array;

  constructor(experiment: Experiment, set: PreparedSet, batchSize: number) {
    this.#experiment = experiment;
    this.#set = set;
    this.#x = new Float32Array(batchSize * set.sampleLength);
    const { sets, targetScale, truth } = experiment;
    if (targetScale === null) {
      this.#truth = BigInt64Array.from(sets.train, (item) => BigInt(truth(item)));
      this.#y = new BigInt64Array(batchSize);
    } else {
      this.#truth = Float32Array.from(sets.train, (item) => (truth(item) - targetScale.mean) / targetScale.deviation);
      this.#y = new Float32Array(batchSize);
    }
  }

  async write(rows: Uint32Array): Promise<{
    readonly x: { readonly data: Float32Array; readonly dims: readonly number[] };
    readonly y: BigInt64Array | Float32Array;
  }> {
    const data = this.#x.subarray(0, rows.length * this.#set.sampleLength);
    const filled = this.#set.fill(rows, data);
    if (filled !== undefined) await filled;
    for (let place = 0; place < rows.length; place++) this.#y[place] = this.#truth[rows[place]];
    return {
      x: { data, dims: [rows.length, ...this.#experiment.model.inputShape] },
      y: this.#y.subarray(0, rows.length),
    };
  }
}

/** Sums the figures of steps up to points, and sends points and progress a few times a second. */
class PointCollector {
  epochSeconds: number | null = null;
  readonly #control: TrainingControl;
  readonly #elapsedMs: () => number;
  readonly #stepsPerEpoch: number;
  readonly #pointEvery: number;
  readonly #experiment: Experiment;
  #pending: MetricPoint[] = [];
  #sum = { steps: 0, samples: 0, loss: 0, metric: 0, learningRate: 0, gradientNorm: 0 };
  #extra: Record<string, number> = {};
  #pointAt = performance.now();
  #stepAt = performance.now();
  #sentAt = performance.now();

  constructor(
    control: TrainingControl,
    elapsedMs: () => number,
    stepsPerEpoch: number,
    pointEvery: number,
    experiment: Experiment,
  ) {
    this.#control = control;
    this.#elapsedMs = elapsedMs;
    this.#stepsPerEpoch = stepsPerEpoch;
    this.#pointEvery = pointEvery;
    this.#experiment = experiment;
  }

  add(step: number, samples: number, learningRate: number, figures: StepFigures): void {
    const sum = this.#sum;
    const classifies = this.#experiment.input.classes.length > 0;
    sum.steps++;
    sum.samples += samples;
    sum.loss += figures.loss * samples;
    sum.metric += classifies ? figures.metric : figures.metric * samples;
    sum.learningRate = learningRate;
    sum.gradientNorm = figures.gradientNorm;
    this.#stepAt = performance.now();
    const full = sum.steps >= this.#pointEvery || this.#stepAt - this.#pointAt >= POINT_EVERY_MS;
    if (full && step % this.#stepsPerEpoch !== 0) this.close(step);
  }

  validated(values: Readonly<Record<string, number>>): void {
    this.#extra = { ...this.#extra, ...values };
  }

  /** Ends the present point. The last step of an epoch carries the validation. */
  close(step: number): void {
    const sum = this.#sum;
    if (sum.steps === 0) return;
    // Validation and checkpoints come after the last step of a point and are no part of its throughput.
    const seconds = Math.max(1e-6, (this.#stepAt - this.#pointAt) / 1000);
    const classifies = this.#experiment.input.classes.length > 0;
    const values: Record<string, number> = {
      train_loss: sum.loss / sum.samples,
      ...(classifies
        ? { train_accuracy: sum.metric / sum.samples }
        : { train_mae: (sum.metric / sum.samples) * (this.#experiment.targetScale?.deviation ?? 1) }),
      learning_rate: sum.learningRate,
      gradient_norm: sum.gradientNorm,
      samples_per_second: sum.samples / seconds,
      memory_bytes: residentBytes(),
      ...this.#extra,
      ...(this.epochSeconds === null ? {} : { epoch_seconds: this.epochSeconds }),
    };
    this.#pending.push({
      step,
      epoch: step / this.#stepsPerEpoch,
      elapsedMs: this.#elapsedMs(),
      values: Object.fromEntries(Object.entries(values).filter(([, value]) => Number.isFinite(value))),
    });
    this.#sum = { steps: 0, samples: 0, loss: 0, metric: 0, learningRate: 0, gradientNorm: 0 };
    this.#extra = {};
    this.epochSeconds = null;
    this.#pointAt = performance.now();
  }

  tick(step: number, totalSteps: number): void {
    const now = performance.now();
    if (now - this.#sentAt < SEND_EVERY_MS) return;
    this.#sentAt = now;
    this.flush();
    this.#control.send({ type: 'progress', phase: 'Training', done: step, total: totalSteps, unit: 'steps' });
  }

  flush(): void {
    if (this.#pending.length === 0) return;
    this.#control.send({ type: 'points', points: this.#pending });
    this.#pending = [];
  }
}
