import { dataTypes } from '../data-type.ts';
import { elementCount } from '../dimension.ts';
import type { OnnxModel, OnnxValueInfo } from '../onnx/model.ts';
import { ArenaModel } from './memory-arena.ts';
import { followGraph, outside } from './memory-plan.ts';
import { bytesOf } from './memory-values.ts';
import type { CompilableModel, StateTensor } from './model.ts';
import type { TrainStepOptions } from './train-step.ts';
import { lowerTrainStep } from './train-step.ts';

/** What a session needs besides its tensors: its operators, and what loading it leaves behind. Measured, 1.30 on Linux. */
const BYTES_PER_NODE = 12 * 1024;
const BYTES_PER_SESSION = 5 * 2 ** 20;

/** After so many, the arena grows no more. */
const RUNS = 3;

/** The state is there three times: a step reads one set, writes another, and the binding hands that out as a copy. */
const STATE_SETS = 3;

export interface MemoryEstimate {
  /** Parameters, buffers, averages and optimiser moments, in all their sets. */
  readonly stateBytes: number;
  /** The batch. */
  readonly inputBytes: number;
  /** What intermediate tensors make the runtime's arena grow to, gaps included. */
  readonly arenaBytes: number;
  /** The loaded graph. */
  readonly sessionBytes: number;
  readonly totalBytes: number;
}

/**
 * The most memory that a training process holds beside that of an idle one: the lowered step is followed node by node in
 * the runtime's order through a model of its allocator. Held against measurement by `npm run bench -- memory`.
 */
export function estimateTrainingMemory(
  model: CompilableModel,
  options: TrainStepOptions,
  batchSize: number,
): MemoryEstimate {
  const { onnx, state } = lowerTrainStep(model, options);
  return estimate(onnx, state, batchSize);
}

/**
 * The largest batch whose training step needs no more than `bytes`, at most `limit`; 0 if not even one sample fits.
 */
export function largestBatchThatFits(
  model: CompilableModel,
  options: TrainStepOptions,
  bytes: number,
  limit = 65536,
): number {
  const { onnx, state } = lowerTrainStep(model, options);
  const fits = (batchSize: number): boolean => estimate(onnx, state, batchSize).totalBytes <= bytes;
  let [fitting, tooLarge] = [0, limit + 1];
  for (let size = 1; size <= limit && fits(size); size *= 2) fitting = size;
  tooLarge = Math.min(tooLarge, Math.max(1, fitting * 2));
  while (tooLarge - fitting > 1) {
    const middle = Math.floor((fitting + tooLarge) / 2);
    if (fits(middle)) fitting = middle;
    else tooLarge = middle;
  }
  return fitting;
}

function estimate({ graph }: OnnxModel, state: readonly StateTensor[], batchSize: number): MemoryEstimate {
  const isState = new Set(state.map(({ name }) => name));
  const known = ({ dtype, shape }: OnnxValueInfo) => ({
    dtype,
    dims: shape.map((size) => elementCount([size], batchSize)),
  });
  const inputs = graph.inputs.map((input) => [input.name, known(input)] as const);
  const arena = new ArenaModel();
  const scope = new Map(inputs.map(([name, value]) => [name, outside(value)]));
  const written = new Set(state.map(({ outputName }) => outputName));
  // What the first run leaves behind lies differently from what the second asks for.
  for (let run = 0; run < RUNS; run++) {
    for (const { buffer } of followGraph(graph, scope, arena, written).values()) {
      if (buffer) arena.release(buffer.allocation);
    }
  }
  const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);
  const stateBytes =
    STATE_SETS * sum(state.map(({ shape, dtype }) => elementCount(shape) * dataTypes[dtype].sizeBytes));
  const inputBytes = sum(inputs.map(([name, value]) => (isState.has(name) ? 0 : bytesOf(value))));
  const constantBytes = sum(graph.initializers.map((tensor) => tensor.data.byteLength));
  const sessionBytes = BYTES_PER_SESSION + BYTES_PER_NODE * graph.nodes.length + 2 * constantBytes;
  const arenaBytes = arena.residentBytes;
  return {
    stateBytes,
    inputBytes,
    arenaBytes,
    sessionBytes,
    totalBytes: stateBytes + inputBytes + arenaBytes + sessionBytes,
  };
}
