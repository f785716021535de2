import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TrainerInput } from '../../../main/contract/training-worker.ts';
import { type SafetensorsEntry, writeSafetensors } from '../../../main/formats/safetensors/safetensors.ts';
import { initializeParameters, learningRateAt } from '../../../main/graph/index.ts';
import { scheduleOf } from '../../../main/models/index.ts';
import { shuffledBatches } from '../../../main/workers/training/batch-sampler.ts';
import { type Experiment, openExperiment } from '../../../main/workers/training/experiment.ts';
import type { StepLosses } from './agreement.ts';

const SCRIPT = join(import.meta.dirname, 'peer.py');
const ROWS_AT_ONCE = 4096;

export interface PeerTraining extends StepLosses {
  readonly version: string;
  /** Of both splits, after each epoch. */
  readonly validation: readonly number[];
  readonly test: readonly number[];
}

/** Trains in PyTorch what a run trains: the same model, weights, batches and learning rates. */
export async function trainPeer(python: string, input: TrainerInput): Promise<PeerTraining> {
  const folder = mkdtempSync(join(tmpdir(), 'lightbench-peer-'));
  const experiment = await openExperiment(input, null);
  try {
    const samples = await writeTask(folder, experiment, input);
    const child = spawn(python, [SCRIPT, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    const answer = await text(child.stdout);
    if (answer === '') throw new Error('The PyTorch process ended without an answer.');
    return { ...JSON.parse(answer), samples };
  } finally {
    experiment.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns how many samples each step learns from */
async function writeTask(folder: string, experiment: Experiment, { config, threads }: TrainerInput): Promise<number[]> {
  const { task, computing } = experiment;
  const { model } = computing;
  const { spec } = model;
  if (spec.kind !== 'transformer_decoder' || (spec.dropout ?? 0) > 0 || config.optimizer.kind !== 'adamw')
    throw new Error('PyTorch’s side trains transformer decoders without dropout by AdamW.');
  const count = task.sets.train.length;
  const batchSize = Math.min(config.data.batchSize, count);
  const stepsPerEpoch = Math.ceil(count / batchSize);
  const { epochs, clipNorm = null } = config.training;
  const steps = Array.from({ length: epochs * stepsPerEpoch }, (_, step) => step);
  const schedule = scheduleOf(config.schedule, config.optimizer.learningRate, stepsPerEpoch);
  const { order } = shuffledBatches(count, batchSize, config.seed);
  const orders = Array.from({ length: epochs }, (_, epoch) => [...order(epoch)]);
  const starts = steps.map((step) => Math.floor(step / stepsPerEpoch) * count + (step % stepsPerEpoch) * batchSize);
  const { beta1, beta2, epsilon, weightDecay } = config.optimizer;
  const description = {
    threads,
    spec,
    input: model.input,
    output: model.output,
    betas: [beta1, beta2],
    epsilon,
    weightDecay,
    clipNorm,
    stepsPerEpoch,
    starts: [...starts, epochs * count],
    learningRates: steps.map((step) => learningRateAt(schedule, step + 1, steps.length)),
  };
  writeFileSync(join(folder, 'task.json'), JSON.stringify(description));
  const tensors: [string, SafetensorsEntry][] = [
    ['order', { shape: [epochs * count], data: Int32Array.from(orders.flat()) }],
  ];
  for (const split of ['train', 'validation', 'test'] as const)
    tensors.push([split, await blocksOf(experiment, task.sets[split])]);
  const initial = initializeParameters(model.module, config.seed);
  for (const [name, { shape }] of model.module.namedParameters())
    tensors.push([`weights.${name}`, { shape, data: initial[name] as Float32Array }]);
  writeFileSync(join(folder, 'tensors.safetensors'), writeSafetensors(tensors));
  return steps.map((step) => (description.starts[step + 1] as number) - (description.starts[step] as number));
}

/** The tokens of every item and the one that follows them. */
async function blocksOf({ task }: Experiment, items: Int32Array): Promise<SafetensorsEntry> {
  const set = await task.prepare(items);
  let blocks = new Int32Array();
  let width = 0;
  for (let first = 0; first < set.count; first += ROWS_AT_ONCE) {
    const rows = Array.from({ length: Math.min(ROWS_AT_ONCE, set.count - first) }, (_, place) => first + place);
    const { x, y } = await set.feeds(rows, 1);
    const length = x.dims[1] as number;
    width = length + 1;
    if (first === 0) blocks = new Int32Array(set.count * width);
    for (const row of rows.keys()) {
      const start = (first + row) * width;
      for (let place = 0; place < length; place++) blocks[start + place] = Number(x.data[row * length + place]);
      blocks[start + length] = Number(y.data[(row + 1) * length - 1]);
    }
  }
  await set.dispose();
  return { shape: [set.count, width], data: blocks };
}
