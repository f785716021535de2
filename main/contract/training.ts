import { z } from 'zod';
import { digest, id, name, time } from './common.ts';
import { errorRecord } from './errors.ts';
import { jobState } from './jobs.ts';
import { onnxInspection } from './models/imported.ts';
import { modelFilePath } from './models/own.ts';
import { command, query } from './procedure.ts';
import { runConfig } from './run-config.ts';
import { trialResult } from './trial-results.ts';

export const layerSummary = z.object({
  name: z.string(),
  kind: z.string(),
  description: z.string().optional().describe('Its settings, in a line'),
  outputShape: z.array(z.union([z.int(), z.string()])).describe('The batch dimension is "N"'),
  parameters: z.int(),
  flops: z.number().describe('Multiply-adds × 2 of one sample, forward'),
});

const shape = z.array(z.union([z.int(), z.string()])).describe('The batch dimension is "N"');

/** A place that data pass through; nodes nest as layers do. */
export const architectureNode = z.object({
  id: z.string(),
  kind: z.enum(['input', 'layer', 'operator', 'output']),
  title: z.string().describe('The kind of layer, the operator, or the name of the input'),
  parent: z.string().nullable().describe('The layer that it is a part of'),
  layer: z.int().nullable().describe('Its place in `layers`'),
  shape,
});
export type ArchitectureNode = z.infer<typeof architectureNode>;

export const architectureEdge = z.object({ from: z.string(), to: z.string(), shape });
export type ArchitectureEdge = z.infer<typeof architectureEdge>;

export const modelSummary = z.object({
  layers: z.array(layerSummary),
  flow: z
    .object({ nodes: z.array(architectureNode), edges: z.array(architectureEdge) })
    .optional()
    .describe('How data flow between the layers, as traced; runs from before it was known have none'),
  parameters: z.int(),
  flops: z.number(),
  memoryBytes: z.number().describe('Estimated peak of the training process'),
  provisional: z
    .boolean()
    .optional()
    .describe('Counted before the data were read, as if they had all words or categories; a run that has begun knows'),
});
export type ModelSummary = z.infer<typeof modelSummary>;

export const diagnostic = z.object({
  /** The model file that it is about; absent = the config. */
  file: modelFilePath.optional(),
  severity: z.enum(['error', 'warning']),
  message: z.string(),
  suggestion: z.string(),
  path: z.string().describe('optimizer.learningRate'),
  line: z.int(),
  column: z.int(),
  endLine: z.int(),
  endColumn: z.int(),
});
export type Diagnostic = z.infer<typeof diagnostic>;

export const template = z.object({
  id: z.string(),
  title: z.string(),
  description: z.string(),
  task: runConfig.shape.task,
  yaml: z.string(),
  modelFile: z
    .object({ path: modelFilePath, text: z.string() })
    .optional()
    .describe('What the model file that the config names begins with'),
});
export type Template = z.infer<typeof template>;

export const run = z.object({
  id,
  name,
  experiment: z.string(),
  status: jobState,
  jobId: id,
  createdAt: time,
  createdBy: z.string(),
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  configDigest: digest,
  datasetDigest: digest,
  datasetName: z.string().describe('name@version'),
  labelSetDigest: digest.nullable(),
  task: runConfig.shape.task,
  device: z.string(),
  threads: z.int(),
  seed: z.int(),
  codeVersion: z.string(),
  parameters: z.int().describe('Trainable parameters of the model'),
  params: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .describe('The config, flattened: optimizer.learningRate → 0.001'),
  metrics: z.record(z.string(), z.number()).describe('The newest value of each metric; best.* and test.* at the end'),
  tags: z.record(z.string(), z.string()),
  note: z.string(),
  epoch: z.number(),
  step: z.int(),
  totalSteps: z.int(),
  bestCheckpoint: digest.nullable(),
  lastCheckpoint: digest.nullable(),
  error: errorRecord.nullable(),
});
export type Run = z.infer<typeof run>;

export const metricPoint = z.object({
  step: z.int(),
  epoch: z.number(),
  elapsedMs: z.number(),
  values: z.record(z.string(), z.number()),
});
export type MetricPoint = z.infer<typeof metricPoint>;

export const metricSeries = z.object({
  runId: id,
  key: z.string(),
  steps: z.array(z.int()),
  epochs: z.array(z.number()),
  elapsedMs: z.array(z.number()),
  values: z.array(z.number()),
});
export type MetricSeries = z.infer<typeof metricSeries>;

export const runEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('run'), run }),
  z.object({ type: z.literal('points'), runId: id, points: z.array(metricPoint) }),
]);
export type RunEvent = z.infer<typeof runEvent>;

export const checkpoint = z.object({
  digest,
  runId: id,
  step: z.int(),
  epoch: z.number(),
  createdAt: time,
  metrics: z.record(z.string(), z.number()),
  best: z.boolean(),
  sizeBytes: z.int(),
});
export type Checkpoint = z.infer<typeof checkpoint>;

const yaml = z.string().max(200_000);
const trialStarted = z.object({ jobId: id });

/** The same noise, drawn again and again while a generative model learned. */
export const sampleHistory = z.object({
  rows: z.int(),
  columns: z.int(),
  height: z.int(),
  width: z.int(),
  channels: z.int(),
  moments: z.array(
    z.object({
      step: z.int(),
      pixels: z.string().describe('uint8 [rows × columns, height, width, channels], base64'),
    }),
  ),
});
export type SampleHistory = z.infer<typeof sampleHistory>;

export const procedures = {
  'training.templates': query(
    'Configurations to start from, one per task and model family; `dataset` is filled in when given',
    z.object({ datasetDigest: digest.optional() }),
    z.array(template),
  ),
  'training.schema': query(
    'The JSON Schema of a run config, with descriptions, for editors',
    z.object({}),
    z.object({ schema: z.record(z.string(), z.unknown()) }),
  ),
  'training.validate': query(
    'Checks a config: problems with their place in the text; when there are none, the architecture with shapes, parameters, FLOPs and memory',
    z.object({
      yaml,
      modelFile: z
        .object({ path: modelFilePath, text: z.string().max(1_000_000) })
        .optional()
        .describe('A model file that is not saved yet, in place of the one in the workspace'),
    }),
    z.object({
      diagnostics: z.array(diagnostic),
      summary: modelSummary.nullable(),
      config: z.record(z.string(), z.unknown()).nullable(),
    }),
  ),
  'training.inspectOnnx': query(
    'What an ONNX file holds: inputs, operators that are known or not, names of weights. By path, or as a registered model',
    z.object({ file: z.string().min(1).optional(), version: z.string().min(1).optional() }),
    onnxInspection,
  ),
  'training.start': command('Starts a run', z.object({ yaml }), z.object({ runId: id, jobId: id }), ['researcher']),
  'training.findLearningRate': command(
    'Trains for a few steps while the learning rate grows exponentially; the job ends with the curve and two suggestions',
    z.object({
      yaml,
      minimum: z.number().positive().default(1e-7),
      maximum: z.number().positive().default(10),
      steps: z.int().min(20).max(1000).default(100),
    }),
    trialStarted,
    ['researcher'],
  ),
  'training.overfitBatch': command(
    'Trains on one batch until it is learned by heart, or says that it is not and what that usually means',
    z.object({ yaml, steps: z.int().min(10).max(5000).default(300) }),
    trialStarted,
    ['researcher'],
  ),
  'training.trial': query(
    'What a learning-rate search or an attempt at one batch found; null until its job has finished',
    z.object({ jobId: id }),
    trialResult.nullable(),
  ),
  'runs.list': query(
    'Runs, newest first',
    z.object({
      experiment: z.string().optional(),
      datasetDigest: digest.optional(),
      limit: z.int().min(1).max(100_000).default(10_000),
    }),
    z.array(run),
  ),
  'runs.get': query(
    'One run with its config as YAML',
    z.object({ runId: id }),
    z.object({
      run,
      yaml: z.string(),
      summary: modelSummary,
      checkpoints: z.array(checkpoint),
      modelFile: z
        .object({ path: modelFilePath, digest, text: z.string() })
        .nullable()
        .describe('The model file as the run used it'),
    }),
  ),
  'runs.metrics': query(
    'Metric series, thinned to at most `maximumPoints` each by keeping the extremes of every interval',
    z.object({
      runIds: z.array(id).min(1).max(200),
      keys: z.array(z.string()).optional(),
      maximumPoints: z.int().min(10).max(100_000).default(1000),
    }),
    z.array(metricSeries),
  ),
  'runs.samples': query(
    'What a generative model drew along the way; null where nothing is drawn, or not yet',
    z.object({ runId: id }),
    sampleHistory.nullable(),
  ),
  'runs.pause': command(
    'Writes a checkpoint and ends the process; resume goes on to the bit',
    z.object({ runId: id }),
    run,
    ['researcher'],
  ),
  'runs.stop': command('Ends the run early and evaluates what it has', z.object({ runId: id }), run, ['researcher']),
  'runs.resume': command('Goes on from the last checkpoint', z.object({ runId: id }), run, ['researcher']),
  'runs.update': command(
    'Changes name, tags and note',
    z.object({
      runId: id,
      name: name.optional(),
      tags: z.record(z.string(), z.string()).optional(),
      note: z.string().max(20_000).optional(),
    }),
    run,
    ['researcher'],
  ),
  'runs.delete': command(
    'Deletes runs that nothing registered depends on',
    z.object({ runIds: z.array(id).min(1) }),
    z.object({ deleted: z.int() }),
    ['researcher'],
  ),
};

export const streams = {
  'runs.watch': {
    summary: 'State and metric points of one run as they come, starting with the present',
    input: z.object({ runId: id }),
    event: runEvent,
  },
};
