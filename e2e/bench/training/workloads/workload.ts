import type { CompilableModel, DataType, LossSpec, OptimizerSpec, TensorData } from '../../../../main/graph/index.ts';

/** Data of one step: an input of the training step, or of the forward pass. */
export interface StepData {
  readonly dtype: DataType;
  readonly dims: readonly number[];
  readonly data: TensorData;
}

/** A network and what it is trained on, the same as in the peer's file of the same name. */
export interface Workload {
  readonly name: string;
  /** Steps per run of our training graph, as `stepsAtOnce` has it: only quick ones come several in one go. */
  readonly stepsPerRun: number;
  readonly model: CompilableModel;
  readonly loss: LossSpec;
  readonly optimizer: OptimizerSpec;
  /** Every data input of a training step by name; the forward pass takes those of them that it reads. */
  readonly data: Readonly<Record<string, StepData>>;
}

export const adamw: OptimizerSpec = { kind: 'adamw', weightDecay: 0.01 };

/** Deterministic numbers of mean zero; their values do not matter to the time. */
export function noise(dims: readonly number[]): StepData {
  const count = dims.reduce((product, size) => product * size, 1);
  return { dtype: 'float32', dims, data: Float32Array.from({ length: count }, (_, index) => Math.sin(index * index)) };
}

/** Ids below `limit`, well mixed. */
export function ids(dims: readonly number[], limit: number): StepData {
  const count = dims.reduce((product, size) => product * size, 1);
  const data = BigInt64Array.from({ length: count }, (_, index) =>
    BigInt((Math.imul(index, 0x9e3779b9) >>> 8) % limit),
  );
  return { dtype: 'int64', dims, data };
}
