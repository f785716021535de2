import { z } from 'zod';
import { comment, digest, id, name, time } from './common.ts';
import { command, query } from './procedure.ts';

export const alias = z.enum(['staging', 'canary', 'production']);
export type Alias = z.infer<typeof alias>;

export const tensorSignature = z.object({
  name: z.string(),
  datatype: z.string().describe('Open Inference Protocol: FP32, UINT8, INT64, BYTES'),
  shape: z.array(z.int()).describe('-1 = any'),
  description: z.string(),
  values: z
    .object({ from: z.int(), below: z.union([z.int(), z.string()]) })
    .optional()
    .describe('Of whole numbers: the smallest, and what all are below; a name = the number of rows of that input'),
  usual: z.number().optional().describe('What the studio itself gives where a number is asked for'),
});
export const signature = z.object({ inputs: z.array(tensorSignature), outputs: z.array(tensorSignature) });
export type Signature = z.infer<typeof signature>;

export const modelVersion = z.object({
  modelName: name,
  version: z.int().min(1),
  digest,
  createdAt: time,
  createdBy: z.string(),
  description: z.string(),
  runId: id,
  checkpointDigest: digest,
  datasetDigest: digest,
  labelSetDigest: digest.nullable(),
  codeVersion: z.string(),
  task: z.string(),
  classes: z.array(z.string()),
  signature,
  inputExampleDigest: digest.nullable(),
  onnxDigest: digest.describe('The graph that ships: raw input to probabilities, preprocessing inside'),
  sizeBytes: z.int(),
  metrics: z.record(z.string(), z.number()),
  aliases: z.array(alias),
  bundleDigest: digest.nullable(),
});
export type ModelVersion = z.infer<typeof modelVersion>;

export const registeredModel = z.object({
  name,
  createdAt: time,
  description: z.string(),
  versions: z.array(modelVersion),
  aliases: z.partialRecord(alias, z.int()),
});
export type RegisteredModel = z.infer<typeof registeredModel>;

export const promotionRequest = z.object({
  id,
  modelName: name,
  version: z.int(),
  alias,
  state: z.enum(['PENDING', 'APPROVED', 'REJECTED', 'WITHDRAWN']),
  requestedBy: z.string(),
  requestedAt: time,
  comment: z.string(),
  decidedBy: z.string().nullable(),
  decidedAt: time.nullable(),
  decisionComment: z.string(),
  replaces: z.int().nullable().describe('The version the alias pointed to when the request was made'),
});
export type PromotionRequest = z.infer<typeof promotionRequest>;

export const aliasChange = z.object({
  modelName: name,
  alias,
  version: z.int().nullable(),
  from: z.int().nullable(),
  at: time,
  by: z.string(),
  reason: z.enum(['promotion', 'rollback', 'removal']),
  requestId: id.nullable(),
  comment: z.string(),
});
export type AliasChange = z.infer<typeof aliasChange>;

export const lineageNode = z.object({
  digest: z.string(),
  kind: z.enum([
    'source',
    'dataset',
    'label_set',
    'config',
    'run',
    'checkpoint',
    'model_version',
    'bundle',
    'deployment',
  ]),
  title: z.string(),
});
export const lineage = z.object({
  nodes: z.array(lineageNode),
  edges: z.array(z.object({ from: z.string(), to: z.string(), relation: z.string() })),
});
export type Lineage = z.infer<typeof lineage>;

export const procedures = {
  'registry.list': query('Registered models with their versions, newest first', z.object({}), z.array(registeredModel)),
  'registry.get': query('One model version', z.object({ modelName: name, version: z.int().min(1) }), modelVersion),
  'registry.register': command(
    'Registers the best checkpoint of a finished run as a new version',
    z.object({ runId: id, modelName: name, description: comment }),
    modelVersion,
    ['researcher'],
  ),
  'registry.requestPromotion': command(
    'Asks that an alias be moved to a version',
    z.object({ modelName: name, version: z.int().min(1), alias, comment }),
    promotionRequest,
    ['researcher', 'clinician'],
  ),
  'registry.requests': query(
    'Promotion requests, newest first',
    z.object({ state: promotionRequest.shape.state.optional(), modelName: name.optional() }),
    z.array(promotionRequest),
  ),
  'registry.decide': command(
    'Approves or rejects a request. The approver signs with name and password at the moment of deciding, whoever is signed in',
    z.object({ requestId: id, decision: z.enum(['approve', 'reject']), userName: name, password: z.string(), comment }),
    promotionRequest,
  ),
  'registry.withdraw': command('Takes back one’s own request', z.object({ requestId: id }), promotionRequest),
  'registry.rollback': command(
    'Moves an alias back to the version it had before',
    z.object({ modelName: name, alias, comment }),
    aliasChange,
    ['researcher', 'approver', 'clinician'],
  ),
  'registry.history': query(
    'Every move of the aliases, newest first',
    z.object({ modelName: name, alias: alias.optional() }),
    z.array(aliasChange),
  ),
  'registry.aliasAt': query(
    'Which version an alias pointed to at a moment',
    z.object({ modelName: name, alias, at: time }),
    z.object({ version: z.int().nullable(), since: time.nullable() }),
  ),
  'lineage.get': query(
    'Everything that led to a digest and everything made from it',
    z.object({ digest: z.string(), direction: z.enum(['upstream', 'downstream', 'both']).default('both') }),
    lineage,
  ),
};
