import { z } from 'zod';
import { digest } from './common.ts';
import { column, split } from './datasets.ts';
import { cpuFeatures } from './device-worker.ts';
import { executionProvider } from './devices.ts';
import { evaluation } from './evaluation.ts';
import { runConfig } from './run-config.ts';
import { metricPoint, modelSummary } from './training.ts';

/** A classifier of the same dataset that looks at what a generative model draws. */
export const sampleJudge = z.object({ runId: z.string(), name: z.string(), checkpointDigest: digest });
export type SampleJudge = z.infer<typeof sampleJudge>;

/** What the engine and its training processes say to each other. No door mounts these. */
export const experimentInput = z.object({
  workspaceFolder: z.string(),
  /** The manifest of the dataset version in the artifact store. */
  manifestDigest: digest,
  config: runConfig,
  /** Empty for regression. */
  classes: z.array(z.string()),
  /** Tables: the columns to learn from, in order, and the column to learn. */
  columns: z.array(column),
  target: z.string().nullable(),
  /** Class index of every item, −1 = leave it out; null for regression. */
  labels: z.instanceof(Int32Array).nullable(),
  provider: executionProvider,
  threads: z.int().min(1),
  ...cpuFeatures.shape,
  /** Models from a file: the program that runs it, apart from everything. */
  modelFileProgram: z.string().optional(),
  /** Image generation only. */
  judge: sampleJudge.optional(),
});
export type ExperimentInput = z.infer<typeof experimentInput>;

export const trainerInput = experimentInput.extend({
  /** Where to go on; null = from the beginning. */
  resume: z
    .object({ checkpointDigest: digest, bestCheckpointDigest: digest.nullable(), elapsedMs: z.number() })
    .nullable(),
});
export type TrainerInput = z.infer<typeof trainerInput>;

export const evaluatorInput = experimentInput.extend({ checkpointDigest: digest, splits: z.array(split).min(1) });
export type EvaluatorInput = z.infer<typeof evaluatorInput>;

const artifact = z.object({ digest, sizeBytes: z.int() });

export const evaluationMessage = z.object({
  type: z.literal('evaluation'),
  evaluation: evaluation.omit({ runId: true, datasetDigest: true, createdAt: true }),
  predictions: artifact,
});
const logMessage = z.object({
  type: z.literal('log'),
  level: z.enum(['info', 'warning', 'error']),
  text: z.string(),
});
const progressMessage = z.object({
  type: z.literal('progress'),
  phase: z.string(),
  done: z.number(),
  total: z.number(),
  unit: z.string(),
});

export const checkpointMessage = z.object({
  type: z.literal('checkpoint'),
  artifact,
  step: z.int(),
  epoch: z.number(),
  best: z.boolean(),
  metrics: z.record(z.string(), z.number()),
});

export const trainerMessage = z.discriminatedUnion('type', [
  /** The model that fits the data. */
  z.object({ type: z.literal('model'), architecture: modelSummary.omit({ memoryBytes: true, provisional: true }) }),
  z.object({
    type: z.literal('started'),
    step: z.int(),
    stepsPerEpoch: z.int(),
    totalSteps: z.int(),
    trainCount: z.int(),
    validationCount: z.int(),
  }),
  z.object({ type: z.literal('points'), points: z.array(metricPoint) }),
  checkpointMessage,
  evaluationMessage,
  progressMessage,
  logMessage,
]);
export type TrainerMessage = z.infer<typeof trainerMessage>;

export const trainerResult = z.object({
  outcome: z.enum(['finished', 'paused']),
  reason: z.enum(['complete', 'early_stopping', 'stopped', 'paused']),
  step: z.int(),
  metrics: z.record(z.string(), z.number()),
});
export type TrainerResult = z.infer<typeof trainerResult>;

export const evaluatorMessage = z.discriminatedUnion('type', [evaluationMessage, progressMessage, logMessage]);
