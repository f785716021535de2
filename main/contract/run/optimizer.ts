import { z } from 'zod';

const parameterGroup = z.strictObject({
  match: z
    .string()
    .min(1)
    .describe(
      'Full names of weights, where * stands for anything: layers.0.*, *.bias. The first group that fits counts',
    ),
  learningRateFactor: z.number().min(0).optional().describe('Multiplies the learning rate of these weights'),
  weightDecay: z.number().min(0).optional().describe('Instead of the optimizer’s'),
  frozen: z.boolean().optional().describe('These weights stay as they are, and cost no gradient'),
});

/** What every optimiser lets single weights have for themselves. */
const treatment = {
  parameterGroups: z.array(parameterGroup).max(100).optional().describe('Weights that learn otherwise than the rest'),
  weightDecayExclusions: z
    .enum(['none', 'biases_and_norms'])
    .optional()
    .describe('biases_and_norms: weight decay spares biases and the gains of normalisation layers'),
};

export const optimizerConfig = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('adamw'),
      learningRate: z.number().positive().default(0.001),
      beta1: z.number().min(0).max(0.9999).default(0.9),
      beta2: z.number().min(0).max(0.99999).default(0.999),
      epsilon: z.number().positive().default(1e-8),
      weightDecay: z.number().min(0).default(0.01),
      ...treatment,
    })
    .describe('AdamW (Loshchilov & Hutter 2019)'),
  z
    .strictObject({
      kind: z.literal('sgd'),
      learningRate: z.number().positive().default(0.05),
      momentum: z.number().min(0).max(0.9999).default(0.9),
      nesterov: z.boolean().default(false),
      weightDecay: z.number().min(0).default(0),
      ...treatment,
    })
    .describe('Stochastic gradient descent with momentum'),
  z
    .strictObject({
      kind: z.literal('adam'),
      learningRate: z.number().positive().default(0.001),
      beta1: z.number().min(0).max(0.9999).default(0.9),
      beta2: z.number().min(0).max(0.99999).default(0.999),
      epsilon: z.number().positive().default(1e-8),
      weightDecay: z.number().min(0).default(0).describe('A penalty inside the gradient, as in the first Adam'),
      ...treatment,
    })
    .describe('Adam (Kingma & Ba 2015)'),
  z
    .strictObject({
      kind: z.literal('rmsprop'),
      learningRate: z.number().positive().default(0.01),
      smoothing: z.number().min(0).max(0.99999).default(0.99),
      momentum: z.number().min(0).max(0.9999).default(0),
      epsilon: z.number().positive().default(1e-8),
      centered: z.boolean().default(false).describe('Divides by the deviation instead of the root mean square'),
      weightDecay: z.number().min(0).default(0),
      ...treatment,
    })
    .describe('RMSprop (Hinton 2012)'),
  z
    .strictObject({
      kind: z.literal('lion'),
      learningRate: z.number().positive().default(0.0001).describe('3 to 10 times smaller than for AdamW'),
      beta1: z.number().min(0).max(0.9999).default(0.9),
      beta2: z.number().min(0).max(0.99999).default(0.99),
      weightDecay: z.number().min(0).default(0.1).describe('3 to 10 times larger than for AdamW'),
      ...treatment,
    })
    .describe('Lion (Chen et al. 2023): the sign of an interpolated momentum'),
]);
