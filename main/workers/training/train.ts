import type { CheckpointState } from '../../contract/checkpoint.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { TrainerInput, TrainerMessage, TrainerResult } from '../../contract/training-worker.ts';
import { learningRateAt, STEPS_WORTH_A_LOOP } from '../../graph/index.ts';
import { scheduleOf, trainedWeights, trainingOptionsOf } from '../../models/index.ts';
import type { ArtifactStore } from '../../storage/artifacts/artifact-store.ts';
import { type BatchSampler, shuffledBatches } from './batch-sampler.ts';
import { keptModel } from './built-model.ts';
import { loadCheckpoint, saveCheckpoint } from './checkpoint-file.ts';
import { describeBrokenValidation, describeDivergence } from './divergence.ts';
import type { Experiment } from './experiment.ts';
import { LayerStatistics, SAMPLES_MEASURED, stepsBetween } from './layer-statistics.ts';
import { LossSpikes } from './loss-spikes.ts';
import { Pace } from './pace.ts';
import { PointCollector, type Stopwatch } from './point-collector.ts';
import { ResourceGauge } from './resource-gauge.ts';
import { SampleHistory } from './sample-history.ts';
import { StepRunner } from './step-runner.ts';
import { UpcomingRows } from './upcoming-rows.ts';

/** A run has at most about this many points, and a point at least every second. */
const POINTS_PER_RUN = 2000;

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
const DIRECTIONS = { validation_loss: -1, validation_accuracy: 1, validation_recall_at_1: 1 } as const;

/** What a step in mixed precision says besides. */
const SCALING_FIGURES = [
  { figure: 'currentLossScale', metric: 'loss_scale', kind: 'mean', unit: 1 },
  { figure: 'stepsSkipped', metric: 'skipped_steps', kind: 'mean', unit: 1 },
] as const;

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
  const { task, computing } = experiment;
  const { model, target, settings } = computing;
  const resumed = input.resume === null ? null : loadCheckpoint(store, input.resume.checkpointDigest);
  const report = (phase: string) => (done: number, total: number) =>
    control.send({ type: 'progress', phase, done, total, unit: 'items' });
  const trainSet = await task.prepare(task.sets.train, report('Preparing the training data'));
  const validationSet = await task.prepare(task.sets.validation, report('Preparing the validation data'));
  const usualSize = trainSet.whole ? trainSet.count : Math.min(config.data.batchSize, trainSet.count);
  const sampler = task.sampler ?? shuffledBatches(trainSet.count, usualSize, config.seed);
  const { batchSize, rowsPerEpoch } = sampler;
  const stepsPerEpoch = Math.ceil(rowsPerEpoch / batchSize);
  const totalSteps = stepsPerEpoch * config.training.epochs;
  const schedule = scheduleOf(config.schedule, config.optimizer.learningRate, stepsPerEpoch);
  const runner = await StepRunner.create(
    model,
    {
      ...trainingOptionsOf(config, task.preprocessing, model),
      loss: task.loss,
      seed: config.seed,
      target,
    },
    settings,
    batchSize,
    resumed?.tensors ?? null,
  );
  const orderOf = epochOrders(sampler);
  const upcoming = new UpcomingRows(trainSet, batchSize, stepsPerEpoch, orderOf);
  const pace = new Pace(runner.stepsAtOnce && input.provider === 'cpu' && totalSteps >= STEPS_WORTH_A_LOOP);
  const judged = config.training.earlyStopping?.metric ?? 'validation_loss';
  const patience = config.training.earlyStopping?.patienceEpochs ?? Number.POSITIVE_INFINITY;
  const minimumDelta = config.training.earlyStopping?.minimumDelta ?? 0;

  let step = resumed?.state.step ?? 0;
  let best = resumed?.state.best ?? null;
  let bestDigest = input.resume?.bestCheckpointDigest ?? null;
  let epochsWithoutImprovement = resumed?.state.epochsWithoutImprovement ?? 0;
  let metrics: Record<string, number> = { ...resumed?.state.metrics };
  const validationLosses = [...(resumed?.state.validationLosses ?? [])];
  let savedStep = resumed === null ? -1 : step;
  const startedAt = performance.now();
  const stopwatch: Stopwatch = {
    now: () => performance.now(),
    elapsedAt: (nowMs) => (input.resume?.elapsedMs ?? 0) + nowMs - startedAt,
  };
  const gauge = new ResourceGauge(input.provider !== 'cpu');
  const points = new PointCollector(control, stopwatch, {
    stepsPerEpoch,
    pointEvery: Math.max(1, Math.ceil(totalSteps / POINTS_PER_RUN)),
    figures: config.training.mixedPrecision ? [...task.figures, ...SCALING_FIGURES] : task.figures,
    resources: () => gauge.read(),
  });
  const statistics = new LayerStatistics(computing, task.loss);
  const lookEvery = stepsBetween(totalSteps, model.summary.layers.length);
  const spikes = new LossSpikes();
  const history = new SampleHistory(task, totalSteps, resumed?.samples);

  const checkpoint = async (isBest: boolean) => {
    const state: CheckpointState = {
      version: 1,
      task: config.task,
      model: keptModel(config.model, model),
      classes: input.classes,
      columns: input.columns,
      preprocessing: task.preprocessing,
      targetScale: task.targetScale,
      step,
      stepsPerEpoch,
      best,
      epochsWithoutImprovement,
      metrics,
      validationLosses: [...validationLosses],
    };
    const tensors = (await runner.state()).map(([{ name, shape }, data]) => [name, { shape, data }] as const);
    const artifact = saveCheckpoint(store, state, [...tensors, ...history.entries()]);
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
  const { warmupSteps } = config.schedule;
  if (resumed === null && warmupSteps > 0 && warmupSteps >= totalSteps)
    control.send({
      type: 'log',
      level: 'warning',
      text: `The run ends before its learning rate has warmed up: it has ${totalSteps} steps, and schedule.warmupSteps is ${warmupSteps}.`,
    });
  let reason: Trained['reason'] = 'complete';
  let epochStartedAt = performance.now();
  try {
    while (step < totalSteps) {
      if (epochsWithoutImprovement >= patience) {
        reason = 'early_stopping';
        break;
      }
      const wanted = control.wanted();
      if (wanted === 'pause' || wanted === 'cancel') {
        if (savedStep !== step) await checkpoint(false);
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
      const place = step % stepsPerEpoch;
      // Several steps in one go end where something else has to happen: a smaller batch, a checkpoint, the epoch's end.
      const count = Math.max(
        1,
        Math.min(
          pace.steps,
          Math.floor(rowsPerEpoch / batchSize) - place,
          config.training.checkpointEverySteps - (step % config.training.checkpointEverySteps),
          // The step that is looked at runs alone: what it changed is to be seen.
          lookEvery - 1 - (step % lookEvery),
          history.every - (step % history.every),
        ),
      );
      const rows = orderOf(epoch).subarray(place * batchSize, (place + count) * batchSize);
      points.begin();
      const feeds = await trainSet.feeds(rows, count);
      points.fed();
      upcoming.announce(step + count, totalSteps);
      const rates = Array.from({ length: count }, (_, i) =>
        learningRateAt(schedule, step + 1 + i, totalSteps, validationLosses),
      );
      const begunAt = performance.now();
      const figures = await runner.run(step + 1, Float32Array.from(rates), config.seed, feeds, trainSet.whole);
      pace.took(count, performance.now() - begunAt);
      points.ran(count);
      for (const [i, each] of figures.entries()) {
        if (!Number.isFinite(each.loss))
          throw await describeDivergence({
            step: step + 1,
            stepsPerEpoch,
            learningRates: rates,
            figures: each,
            feeds,
            runner,
            model,
            statistics,
            seed: config.seed,
            whole: trainSet.whole,
            place: i,
          });
        step++;
        const spike = spikes.add(each.loss);
        if (spike !== null) points.note({ loss_spike: spike });
        points.add(step, rows.length / count, rates[i], each);
      }
      if (step % lookEvery === 0) {
        const some = trainSet.whole ? rows : rows.subarray(0, SAMPLES_MEASURED);
        const looked = await statistics.measure(await trainSet.feeds(some, 1), runner.tensors(), config.seed, step);
        points.note({ ...looked, ...(await runner.changes()) });
        if (statistics.obstacle !== null && step === lookEvery)
          control.send({
            type: 'log',
            level: 'warning',
            text: `The layers cannot be looked at while they learn: ${statistics.obstacle}`,
          });
      }

      if (history.isDue(step)) await history.look(step, computing, await runner.weights());
      if (step % stepsPerEpoch === 0) {
        points.epochSeconds = (performance.now() - epochStartedAt) / 1000;
        if (validationSet.count > 0) {
          const weights = await runner.weights();
          const found = await task.validate(computing, weights, validationSet);
          if (!Number.isFinite(found.validation_loss))
            throw describeBrokenValidation(step, stepsPerEpoch, found.validation_loss, weights, model);
          metrics = { ...metrics, ...found };
          validationLosses.push(found.validation_loss);
          const value = found[judged] ?? found.validation_loss;
          const gain = best === null ? Number.POSITIVE_INFINITY : (value - best.value) * DIRECTIONS[judged];
          // Any gain is a better checkpoint; only one of the asked size resets the patience.
          epochsWithoutImprovement = gain > minimumDelta ? 0 : epochsWithoutImprovement + 1;
          if (gain > 0) {
            best = { step, value };
            metrics = { ...metrics, 'best.step': step, ...prefixed('best.', found) };
            await checkpoint(true);
          }
          points.note(found);
        }
        points.close(step);
        epochStartedAt = performance.now();
      }
      if (step % config.training.checkpointEverySteps === 0 && savedStep !== step) await checkpoint(false);
      points.tick(step, totalSteps);
    }
    points.close(step);
    if (savedStep !== step) await checkpoint(false);
    points.flush();
    const parameters =
      bestDigest === null
        ? await runner.weights()
        : trainedWeights(model.module, loadCheckpoint(store, bestDigest).tensors);
    return { reason, step, parameters, metrics };
  } catch (error) {
    points.flush();
    throw error;
  } finally {
    gauge.close();
    await statistics.dispose();
    await runner.dispose();
    await trainSet.dispose();
    await validationSet.dispose();
  }
}

/** The orders of this epoch and the next: steps ask for the one while the other is announced. */
function epochOrders(sampler: BatchSampler): (epoch: number) => Uint32Array {
  const known = new Map<number, Uint32Array>();
  return (epoch) => {
    const order = known.get(epoch) ?? sampler.order(epoch);
    if (!known.has(epoch)) known.delete(epoch - 2);
    known.set(epoch, order);
    return order;
  };
}

function prefixed(prefix: string, values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${prefix}${key}`, value]));
}
