import { z } from 'zod';

/**
 * What a model file builds, as it leaves the process that ran the file and as checkpoints keep it. Whoever wrote the file
 * also wrote this: every number has bounds, and nothing in it is code.
 */
const size = z
  .int()
  .min(1)
  .max(2 ** 31);
const pair = z.tuple([z.int().min(0).max(65536), z.int().min(0).max(65536)]);
const window = z.tuple([size, size]);
const fraction = z.number().min(0).lt(1);
const value = z.int().min(0).max(1_000_000);
const path = z
  .string()
  .max(500)
  .regex(/^[A-Za-z_$][\w$]*(\.\d+)?(\.[A-Za-z_$][\w$]*(\.\d+)?)*$/);

const convolution = {
  inChannels: size,
  outChannels: size,
  kernel: window,
  stride: window,
  padding: pair,
  dilation: window,
  groups: size,
  bias: z.boolean(),
};
const norm = { epsilon: z.number().positive(), momentum: z.number().positive() };
const pool = { kernel: window, stride: window, padding: pair };

const recurrent = {
  inputSize: size,
  hiddenSize: size,
  layers: size.max(64),
  bidirectional: z.boolean(),
  dropout: fraction,
  bias: z.boolean(),
};

const layerSettings = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('Linear'), inFeatures: size, outFeatures: size, bias: z.boolean() }),
  z.strictObject({ kind: z.literal('Conv2d'), ...convolution }),
  z.strictObject({ kind: z.literal('ConvTranspose2d'), ...convolution, outputPadding: pair }),
  z.strictObject({ kind: z.enum(['BatchNorm1d', 'BatchNorm2d']), features: size, ...norm }),
  z.strictObject({ kind: z.literal('LayerNorm'), shape: z.array(size).min(1).max(8), epsilon: norm.epsilon }),
  z.strictObject({ kind: z.literal('GroupNorm'), groups: size, channels: size, epsilon: norm.epsilon }),
  z.strictObject({ kind: z.literal('RMSNorm'), features: size }),
  z.strictObject({ kind: z.enum(['Dropout', 'StochasticDepth']), probability: fraction }),
  z.strictObject({
    kind: z.enum([
      ...(['ReLU', 'ReLU6', 'LeakyReLU', 'ELU', 'GELU', 'SiLU', 'Tanh', 'Sigmoid', 'Hardswish'] as const),
      ...(['Flatten', 'GlobalAvgPool2d'] as const),
    ]),
  }),
  z.strictObject({ kind: z.enum(['MaxPool2d', 'AvgPool2d']), ...pool }),
  z.strictObject({ kind: z.literal('AdaptiveAvgPool2d'), size: z.tuple([size.max(256), size.max(256)]) }),
  z.strictObject({ kind: z.literal('Upsample'), factor: size.max(64), mode: z.enum(['nearest', 'bilinear']) }),
  z.strictObject({ kind: z.literal('SqueezeExcitation'), channels: size, squeezedChannels: size }),
  z.strictObject({
    kind: z.literal('Embedding'),
    vocabulary: size,
    width: size,
    deviation: z.number().positive(),
    padding: z.int().min(-1),
  }),
  z.strictObject({ kind: z.enum(['RNN', 'LSTM', 'GRU']), ...recurrent }),
  z.strictObject({
    kind: z.literal('MultiheadAttention'),
    width: size,
    heads: size,
    dropout: fraction,
    bias: z.boolean(),
  }),
  z.strictObject({
    kind: z.literal('TransformerEncoderLayer'),
    width: size,
    heads: size,
    feedForward: size,
    activation: z.enum(['relu', 'gelu', 'silu']),
    dropout: fraction,
    order: z.enum(['pre', 'post']),
    normalization: z.enum(['layer', 'rms']),
  }),
  z.strictObject({
    kind: z.literal('Parameter'),
    shape: z.array(size).max(8),
    start: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('constant'), value: z.number() }),
      z.strictObject({ kind: z.literal('uniform'), bound: z.number().positive() }),
      z.strictObject({ kind: z.literal('normal'), deviation: z.number().positive() }),
    ]),
  }),
]);

const dim = z.int().min(-16).max(16);
const dims = z.array(dim).max(16);

const operation = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.enum([
      ...(['relu', 'gelu', 'silu', 'sigmoid', 'tanh', 'exp', 'log', 'sqrt', 'abs', 'neg', 'detach'] as const),
      ...(['add', 'sub', 'mul', 'div', 'pow', 'maximum', 'minimum', 'matmul', 'expandAs', 'sequenceMean'] as const),
    ]),
  }),
  z.strictObject({ name: z.literal('scalar'), value: z.number() }),
  z.strictObject({ name: z.enum(['softmax', 'logSoftmax', 'cat']), dim }),
  z.strictObject({
    name: z.literal('reshape'),
    shape: z.array(z.union([size, z.string().regex(/^(\d{1,12}\*)?batch$/)])).max(16),
  }),
  z.strictObject({ name: z.literal('permute'), dims }),
  z.strictObject({ name: z.literal('narrow'), dim, start: z.int().min(0), length: size }),
  z.strictObject({ name: z.enum(['sum', 'mean']), dims, keepdim: z.boolean() }),
  z.strictObject({ name: z.enum(['sequenceLengths', 'paddingMask']), padding: z.int().min(0) }),
  z.strictObject({ name: z.literal('addLoss'), title: z.string().regex(/^\w{0,60}$/) }),
]);

const placed = { outputs: z.array(value).max(4), line: z.int().min(1).optional() };

const layerStep = z.strictObject({
  kind: z.literal('layer'),
  layer: value,
  input: value,
  memory: value.optional(),
  mask: value.optional(),
  causal: z.boolean().optional(),
  lengths: value.optional(),
  ...placed,
});
const operationStep = z.strictObject({
  kind: z.literal('operation'),
  operation,
  inputs: z.array(value).max(1024),
  ...placed,
});

type Step = z.infer<typeof layerStep> | z.infer<typeof operationStep> | BlockStep;
interface BlockStep {
  kind: 'block';
  path: string;
  title: string;
  input: number;
  steps: Step[];
  outputs: number[];
  line?: number | undefined;
}

const blockStep: z.ZodType<BlockStep> = z.strictObject({
  kind: z.literal('block'),
  path,
  title: z.string().max(60),
  input: value,
  steps: z.lazy(() => z.array(step).max(20_000)),
  ...placed,
});
const step: z.ZodType<Step> = z.union([layerStep, operationStep, blockStep]);

export const program = z.strictObject({
  version: z.literal(1),
  layers: z.array(z.strictObject({ path, settings: layerSettings })).max(20_000),
  steps: z.array(step).max(20_000),
  result: value,
});
export type Program = z.infer<typeof program>;
