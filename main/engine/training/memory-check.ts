import type { DatasetVersion } from '../../contract/datasets.ts';
import type { CpuFeatures } from '../../contract/device-worker.ts';
import type { RunConfig } from '../../contract/run-config.ts';
import {
  cpuTarget,
  estimateMemoryBesideSteps,
  estimateTrainingMemory,
  expectedStepMs,
  GraphError,
  largestBatchThatFits,
  STEPS_WORTH_A_LOOP,
  stepsAtOnce,
  type Target,
  type TrainStepOptions,
} from '../../graph/index.ts';
import { learnsNothing, type Model } from '../../models/index.ts';
import type { Checks } from './task-plans.ts';

/** Node and ONNX Runtime with next to nothing loaded: what the resident memory of trainers has beyond the estimate. */
const PROCESS_BYTES = 230 * 1024 * 1024;
/** Samples of one forward pass of an evaluation, and of a look at the layers. */
const EVALUATED = 256;
const MEASURED = 32;

/** What a run may count on. */
export interface Machine extends Readonly<CpuFeatures> {
  /** Memory that is free. */
  readonly availableBytes: number;
  /** Of a run on the CPU. */
  readonly threads: number;
}

/**
 * What a run will hold at most, in bytes; null where the graph cannot be made. Tells of a run that cannot fit, with the
 * largest batch that can.
 */
export function checkMemory(
  { config, error }: Checks,
  model: Model,
  trainOptions: TrainStepOptions,
  dataset: DatasetVersion,
  machine: Machine,
): number | null {
  const train = countOf(dataset, 'train');
  const validation = countOf(dataset, 'validation');
  const sampleBytes = model.inputShape.reduce((product, size) => product * size, model.inputType === 'int64' ? 8 : 4);
  // Inputs that do not fit are prepared batch by batch instead, so they never stand in the way.
  const dataBytes = Math.min((train + validation) * sampleBytes, machine.availableBytes * 0.4);
  const whole = model.fullBatch === true;
  const batchSize = whole ? dataset.rows : Math.min(config.data.batchSize, Math.max(1, train));
  const options = { ...trainOptions, target: targetOf(config, machine) };
  const sizes: Readonly<Record<string, number>> =
    dataset.kind === 'table' && dataset.edges !== undefined ? { edges: dataset.edges } : {};
  if (learnsNothing(model)) {
    const memoryBytes = PROCESS_BYTES + dataBytes + evaluationBytes(model);
    if (memoryBytes > machine.availableBytes) tooLarge(error, memoryBytes, machine, 0);
    return memoryBytes;
  }
  const stepCount = Math.ceil(train / batchSize) * config.training.epochs;
  try {
    const beside = estimateMemoryBesideSteps(model, options, {
      evaluated: whole ? batchSize : Math.min(EVALUATED, Math.max(validation, 1)),
      measured: whole ? batchSize : Math.min(MEASURED, batchSize),
      sizes,
    });
    const fixedBytes = PROCESS_BYTES + dataBytes + beside;
    const alone = { threads: config.device === 'cpu' ? machine.threads : 1, stepsAtOnce: 1, sizes };
    const { stateBytes } = estimateTrainingMemory(model, options, 1, alone);
    const atOnce = (size: number): number =>
      stepCount < STEPS_WORTH_A_LOOP ? 1 : stepsAtOnce(expectedStepMs(model.summary.flops, size, stateBytes));
    const execution = { ...alone, stepsAtOnce: atOnce(batchSize) };
    const memoryBytes = fixedBytes + estimateTrainingMemory(model, options, batchSize, execution).totalBytes;
    if (memoryBytes > machine.availableBytes) {
      const room = machine.availableBytes - fixedBytes;
      const fitting = whole
        ? 0
        : largestBatchThatFits(model, options, room, { ...alone, stepsAtOnce: atOnce }, batchSize);
      tooLarge(error, memoryBytes, machine, fitting);
    }
    return memoryBytes;
  } catch (cause) {
    if (!(cause instanceof GraphError)) throw cause;
    error('training', cause.message, 'Change or leave out what the message names.');
    return null;
  }
}

function tooLarge(error: Checks['error'], memoryBytes: number, { availableBytes }: Machine, fitting: number): void {
  error(
    'data.batchSize',
    `The run needs about ${gibibytes(memoryBytes)} and ${gibibytes(availableBytes)} are free.`,
    fitting === 0 ? 'Even a batch of one does not fit: use a smaller model.' : `A batchSize of ${fitting} fits.`,
  );
}

/** At most: the weights twice, as given and as packed, and all that layers say of a batch. */
function evaluationBytes({ summary }: Model): number {
  const values = summary.layers.reduce(
    (sum, { outputShape }) => sum + outputShape.slice(1).reduce<number>((size, each) => size * Number(each), 1),
    0,
  );
  return 4 * (2 * summary.parameterCount + EVALUATED * values);
}

/** As the trainer lowers it. */
function targetOf({ device }: RunConfig, machine: Machine): Target {
  if (device === 'webgpu') return { provider: 'webgpu' };
  if (device !== 'cpu' && device !== 'auto') return { provider: 'standard' };
  return cpuTarget(machine);
}

const countOf = (dataset: DatasetVersion, split: string): number =>
  dataset.splits.find((entry) => entry.split === split)?.count ?? 0;

function gibibytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}
