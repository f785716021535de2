import type { RuntimeFeeds, RuntimeTensor } from '../../runtime/index.ts';
import type { Feeds } from './feeds.ts';

/** One step, or several in one go. */
export interface StepCall {
  /** Number of the first step, from 1. */
  readonly first: number;
  /** One per step. */
  readonly learningRates: Float32Array<ArrayBuffer>;
  readonly seed: number;
  readonly inputs: Feeds;
  /** All steps read the same: a graph, whose nodes cannot be separated. */
  readonly whole: boolean;
  /** Which set of the state is read, and its tensors by name. */
  readonly set: 0 | 1;
  readonly state: RuntimeFeeds;
  /** Where the state goes, by the names of outputs. */
  readonly into: RuntimeFeeds;
}

/** What computes a training step. */
export interface StepSessions {
  /** Whether it can do several steps in one go. */
  readonly stepsAtOnce: boolean;
  /** @returns the outputs of a training step by name */
  run(call: StepCall): Promise<Record<string, RuntimeTensor>>;
  dispose(): Promise<void>;
}
