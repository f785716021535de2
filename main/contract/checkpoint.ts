import { z } from 'zod';
import { column } from './datasets.ts';
import { ownModelConfig } from './models/own.ts';
import { program } from './models/program.ts';
import { runConfig } from './run-config.ts';

const columnPreprocessing = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('numeric'), mean: z.number(), deviation: z.number() }),
  z.object({ kind: z.literal('category'), categories: z.int() }),
  z.object({ kind: z.literal('index'), name: z.string(), rows: z.array(z.int().min(0)) }),
  z.object({ kind: z.literal('raw'), name: z.string() }),
]);

const tokens = {
  unit: z.enum(['characters', 'bytes', 'words']),
  vocabulary: z.array(z.string()),
  length: z.int(),
  lowercase: z.boolean().default(false),
};

/** How raw data become the input of a model; the compiler builds it into every graph that ships. */
export const preprocessing = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('image'),
    layout: z.enum(['nhwc', 'nchw']),
    channels: z.int(),
    height: z.int(),
    width: z.int(),
    mean: z.array(z.number()),
    deviation: z.array(z.number()),
    resize: z.boolean(),
    sourceChannels: z.int(),
  }),
  z.object({ kind: z.literal('table'), columns: z.array(columnPreprocessing) }),
  z.object({ kind: z.literal('graph'), columns: z.array(columnPreprocessing) }),
  z.object({
    kind: z.literal('text'),
    vocabulary: z.array(z.string()),
    length: z.int(),
    lowercase: z.boolean(),
    punctuation: z.boolean().default(false),
    shapes: z.boolean().default(false),
  }),
  z.object({ kind: z.literal('tokens'), ...tokens, target: z.object(tokens).optional() }),
  z.object({
    kind: z.literal('series'),
    columns: z.array(z.object({ mean: z.number(), deviation: z.number() })),
    targets: z.array(z.int()),
    length: z.int(),
    horizon: z.int(),
    origin: z.enum(['mean', 'last']),
    orderedBy: z.string().nullable().describe('The column that the rows of the table are ordered by'),
  }),
]);
export type Preprocessing = z.infer<typeof preprocessing>;

/**
 * What a checkpoint says besides its tensors: enough to go on to the bit, and to ship. Nothing in it depends on the clock,
 * so that the same run gives the same checkpoint digests.
 */
export const checkpointState = z.object({
  version: z.literal(1),
  task: runConfig.shape.task,
  /** A model file is kept as what it built, so that nobody has to run it again. */
  model: z.union([ownModelConfig.extend({ program }), runConfig.shape.model]),
  classes: z.array(z.string()),
  /** Tables: the columns of the input in order. Empty for images. */
  columns: z.array(column),
  preprocessing,
  /** Regression: the target was trained as (y − mean) / deviation. */
  targetScale: z.object({ mean: z.number(), deviation: z.number() }).nullable(),
  step: z.int(),
  stepsPerEpoch: z.int(),
  best: z.object({ step: z.int(), value: z.number() }).nullable(),
  epochsWithoutImprovement: z.int(),
  metrics: z.record(z.string(), z.number()),
  /** Of every epoch so far: what a schedule that waits for progress looks back on. */
  validationLosses: z.array(z.number()).default([]),
});
export type CheckpointState = z.infer<typeof checkpointState>;

/** Tensors that hold what a generative model drew at a step: uint8 [rows, columns, height, width, channels]. */
export const SAMPLES_PREFIX = 'samples.';

/** The key of the checkpoint's safetensors metadata under which the state stands as JSON. */
export const CHECKPOINT_KEY = 'lightbench.checkpoint';
