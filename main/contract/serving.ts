import { z } from 'zod';
import { digest, id, name, time } from './common.ts';
import { scoredBox } from './evaluation.ts';
import { explanationMethod } from './explaining.ts';
import { command, query } from './procedure.ts';

export const parityCheck = z.object({
  batchSize: z.int(),
  samples: z.int(),
  maxAbsDiff: z.number(),
  classAgreement: z.number().describe('Fraction of samples with the same most probable class'),
});
export const parityCertificate = z.object({
  trainingGraph: digest.describe('The graph with weights as inputs, as it was trained and evaluated'),
  bundleGraph: digest,
  dataset: digest,
  sampleIndices: z.array(z.int()),
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

export const prediction = z.object({
  endpoint: name,
  version: z.int(),
  classes: z.array(z.string()),
  probabilities: z.array(z.number()),
  predicted: z.int(),
  numbers: z.array(z.number()).optional().describe('What a model without classes predicts, instead of the three above'),
  text: z.string().optional().describe('What a model that writes sequences answers, beside the ids in numbers'),
  picture: pictureAnswer.optional().describe('Masks and boxes, instead of the numbers'),
  durationMs: z.number().describe('Round trip over HTTP'),
  request: z.string().describe('The request that was sent, as JSON with the data shortened'),
  response: z.string(),
});
export type Prediction = z.infer<typeof prediction>;

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
    'Sends one item of a dataset to the endpoint over HTTP',
    z.object({ endpoint: name, datasetDigest: digest, index: z.int().min(0) }),
    prediction,
  ),
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

export const assets = {
  'bundles.zip': { summary: 'The bundle as .zip, to download', params: z.object({ digest }) },
};
