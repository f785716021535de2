import { z } from 'zod';
import { digest, id, name, time } from './common.ts';
import { split } from './datasets.ts';
import { errorRecord } from './errors.ts';
import { neighbour, scoredBox } from './evaluation.ts';
import { explanationMethod } from './explaining.ts';
import { command, query } from './procedure.ts';

export const parityCheck = z.object({
  batchSize: z.int(),
  samples: z.int(),
  maxAbsDiff: z.number(),
  classAgreement: z.number().describe('Fraction of samples with the same most probable class'),
  tokenByToken: z.boolean().optional().describe('Texts, read on with the keys and values that were kept'),
});
export const parityCertificate = z.object({
  trainingGraph: digest.describe('The graph with weights as inputs, as it was trained and evaluated'),
  bundleGraph: digest,
  generationGraph: digest.optional().describe('Of a model that writes text, the graph that it does it by'),
  dataset: digest,
  sampleIndices: z.array(z.int()),
  drawn: z.boolean().optional().describe('Samples are pictures drawn from noise that follows from their indices'),
  tolerance: z.number(),
  checks: z.array(parityCheck),
  maxAbsDiff: z.number(),
  passed: z.boolean(),
  runtime: z.string().describe('onnxruntime-node 1.30.0, cpu'),
  createdAt: time,
});
export type ParityCertificate = z.infer<typeof parityCertificate>;

export const bundle = z.object({
  digest,
  modelName: name,
  version: z.int(),
  createdAt: time,
  createdBy: z.string(),
  path: z.string().describe('Folder, relative to the workspace'),
  zipPath: z.string(),
  sizeBytes: z.int(),
  files: z.array(z.object({ path: z.string(), sha256: digest, sizeBytes: z.int() })),
  parity: parityCertificate,
});
export type Bundle = z.infer<typeof bundle>;

export const deployment = z.object({
  endpoint: name,
  state: z.enum(['STARTING', 'READY', 'DEGRADED', 'STOPPED', 'FAILED']),
  url: z.string().nullable(),
  port: z.int().nullable(),
  modelName: name,
  version: z.int(),
  previousVersion: z.int().nullable(),
  bundleDigest: digest,
  startedAt: time.nullable(),
  deployedBy: z.string(),
  processId: z.int().nullable(),
  requests: z.int(),
  failures: z.int(),
  latencyP50Ms: z.number().nullable(),
  latencyP95Ms: z.number().nullable(),
  error: z.string().nullable(),
  curl: z.array(z.object({ title: z.string(), line: z.string() })),
});
export type Deployment = z.infer<typeof deployment>;

export const predictionRecord = z.object({
  id: z.string(),
  time,
  endpoint: z.string(),
  modelName: z.string(),
  version: z.int(),
  bundleDigest: digest,
  batchSize: z.int(),
  durationMs: z.number(),
  status: z.int().describe('HTTP status'),
  predicted: z.array(z.string()),
  confidence: z.array(z.number()),
  error: z.string().nullable(),
});
export type PredictionRecord = z.infer<typeof predictionRecord>;

/** What a model says of places in a picture. */
const pictureAnswer = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('mask'),
    width: z.int(),
    height: z.int(),
    labels: z.string().describe('Class of each pixel, uint8, row-major, base64'),
  }),
  z.object({ kind: z.literal('boxes'), width: z.int(), height: z.int(), boxes: z.array(scoredBox) }),
]);

/** What lies nearest to a picture among those that a model of embeddings was evaluated on. */
export const nearestPictures = z.object({
  datasetDigest: digest.describe('Of the pictures that were searched'),
  splits: z.array(split),
  searched: z.int(),
  label: z.int().nullable().describe('Class of the picture that was sent; null where it is not among them'),
  found: z.array(neighbour).describe('The nearest first'),
});
export type NearestPictures = z.infer<typeof nearestPictures>;

export const prediction = z.object({
  endpoint: name,
  version: z.int(),
  classes: z.array(z.string()),
  probabilities: z.array(z.number()),
  predicted: z.int(),
  numbers: z.array(z.number()).optional().describe('What a model without classes predicts, instead of the three above'),
  text: z.string().optional().describe('What a model that writes sequences answers, beside the ids in numbers'),
  picture: pictureAnswer.optional().describe('Masks and boxes, instead of the numbers'),
  nearest: nearestPictures.optional().describe('Of an embedding, which is in numbers'),
  around: z.object({ nodes: z.int(), edges: z.int() }).optional().describe('Of a node: what was sent with it'),
  durationMs: z.number().describe('Round trip over HTTP'),
  request: z.string().describe('The request that was sent, as JSON with the data shortened'),
  response: z.string(),
});
export type Prediction = z.infer<typeof prediction>;

/** How a request went over HTTP. */
const exchange = {
  endpoint: name,
  version: z.int(),
  durationMs: z.number().describe('Round trips over HTTP'),
  request: z.string().describe('The (first) request that was sent, as JSON with the data shortened'),
  response: z.string(),
};

export const drawing = z.object({
  ...exchange,
  samples: z.int(),
  width: z.int(),
  height: z.int(),
  channels: z.int(),
  pixels: z.string().describe('uint8 [samples, height, width, channels], base64'),
  labels: z.array(z.int()).describe('The class that each was to be; -1 = none'),
});
export type Drawing = z.infer<typeof drawing>;

export const completion = z.object({
  ...exchange,
  text: z.string().describe('What follows the text that was given'),
  tokens: z.int(),
  candidates: z
    .array(z.object({ token: z.string(), probability: z.number() }))
    .describe('The likeliest tokens right after the text, the first first'),
});
export type Completion = z.infer<typeof completion>;

/** How far a text is. */
export const completionEvent = z.discriminatedUnion('state', [
  z.object({ state: z.literal('writing'), completion }),
  z.object({ state: z.literal('done'), completion }),
  z.object({ state: z.literal('failed'), error: errorRecord }),
]);
export type CompletionEvent = z.infer<typeof completionEvent>;

const seed = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);

const completionInput = z.object({
  endpoint: name,
  text: z.string().min(1).max(20_000),
  tokens: z.int().min(1).max(512).default(100),
  temperature: z.number().min(0).max(2).default(0).describe('0 = always the likeliest token'),
  topP: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('Only the likeliest tokens with this much probability together are drawn from; 1 = all'),
  seed: seed.default(0),
});

export const procedures = {
  'bundles.export': command(
    'Builds the bundle of a model version and proves that it answers like the trained model',
    z.object({ modelName: name, version: z.int().min(1) }),
    z.object({ jobId: id }),
    ['researcher'],
  ),
  'bundles.list': query('Bundles, newest first', z.object({ modelName: name.optional() }), z.array(bundle)),
  'bundles.verify': query(
    'Re-hashes every file of a bundle',
    z.object({ digest }),
    z.object({ intact: z.boolean(), problems: z.array(z.string()) }),
  ),
  'deployments.list': query('Endpoints on this machine', z.object({}), z.array(deployment)),
  'deployments.deploy': command(
    'Starts a model server with a bundle, or moves a running endpoint to it without dropping a request',
    z.object({ endpoint: name, bundleDigest: digest, port: z.int().min(1024).max(65535).optional() }),
    z.object({ jobId: id }),
    ['researcher', 'approver'],
  ),
  'deployments.rollback': command(
    'Moves the endpoint back to the version before, without dropping a request',
    z.object({ endpoint: name }),
    deployment,
    ['researcher', 'approver'],
  ),
  'deployments.stop': command(
    'Stops the model server; the endpoint and its log stay',
    z.object({ endpoint: name }),
    deployment,
    ['researcher', 'approver'],
  ),
  'deployments.start': command(
    'Starts a stopped endpoint again',
    z.object({ endpoint: name }),
    z.object({ jobId: id }),
    ['researcher', 'approver'],
  ),
  'deployments.predict': query(
    'Sends one item of a dataset to the endpoint over HTTP; of a graph, a node with those around it',
    z.object({ endpoint: name, datasetDigest: digest, index: z.int().min(0) }),
    prediction,
  ),
  'deployments.draw': query(
    'Has a model that draws make pictures, over HTTP',
    z.object({
      endpoint: name,
      seed: seed.describe('Of the first picture; those of the others follow'),
      count: z.int().min(1).max(64).default(16),
      label: z
        .int()
        .min(-1)
        .optional()
        .describe('Absent = each class in turn; -1 = any, where the model has learned to draw so'),
      settings: z
        .record(z.string(), z.number())
        .default({})
        .describe(
          'By input, such as temperature, guidance or steps, where they are not those of the studio’s own samples',
        ),
    }),
    drawing,
  ),
  'deployments.complete': query('Has a language model go on with a text, over HTTP', completionInput, completion),
  'deployments.predictions': query(
    'The prediction log of an endpoint, newest first',
    z.object({ endpoint: name, limit: z.int().min(1).max(1000).default(100) }),
    z.array(predictionRecord),
  ),
  'deployments.methods': query(
    'How an answer of the endpoint can be explained',
    z.object({ endpoint: name }),
    z.array(explanationMethod),
  ),
};

export const streams = {
  'deployments.complete': {
    summary: 'The same, token by token; whoever leaves stops it',
    input: completionInput,
    event: completionEvent,
  },
};

export const assets = {
  'bundles.zip': { summary: 'The bundle as .zip, to download', params: z.object({ digest }) },
};
