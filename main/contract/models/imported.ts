import { z } from 'zod';
import { digest } from '../common.ts';

const weights = z
  .array(z.string().min(1).max(400))
  .max(200)
  .describe('Names of weights as the file has them; * stands for anything: layer4.*, *.bias');

const tensor = z.object({ name: z.string(), dtype: z.string(), shape: z.array(z.union([z.number(), z.string()])) });

/** What can be said of an ONNX file before it is fine-tuned. */
export const onnxInspection = z.object({
  sizeBytes: z.int(),
  producer: z.string(),
  inputs: z.array(tensor),
  outputs: z.array(tensor),
  operators: z
    .array(z.object({ name: z.string(), count: z.int(), known: z.boolean() }))
    .describe('Most frequent first; those that are not known stand in the way'),
  weights: z.array(z.object({ name: z.string(), shape: z.array(z.int()) })),
  parameters: z.int(),
  features: z.string().nullable().describe('What a new head would read; null: the output, as no last layer was found'),
});
export type OnnxInspection = z.infer<typeof onnxInspection>;

export const importedConfig = z
  .strictObject({
    kind: z.literal('imported'),
    file: z
      .string()
      .min(1)
      .max(4000)
      .optional()
      .describe('Path of an .onnx file on the machine of the engine; the workspace keeps a copy when the run starts'),
    version: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe('Instead of a file: a registered model of this workspace as name@version, or its name for the newest'),
    artifact: digest
      .optional()
      .describe('Instead of both: the digest of a file that the workspace keeps; every started run has it'),
    head: z
      .enum(['new', 'keep'])
      .default('new')
      .describe('new: a linear layer for your classes in the place of the last layer; keep: the last layer learns on'),
    output: z
      .string()
      .min(1)
      .max(400)
      .optional()
      .describe('Tensor of the file to end at; absent = before its last layer, or with keep before its softmax'),
    trainable: weights
      .optional()
      .describe('Weights of the file that learn, * for anything; absent = all, with lora none; [] = the head alone'),
    lora: z
      .strictObject({
        rank: z.int().min(1).max(1024).default(4).describe('Rows of the two thin matrices beside each weight'),
        alpha: z.number().positive().optional().describe('Their product counts alpha / rank; absent = rank'),
        targets: weights.min(1).default(['*']),
      })
      .optional()
      .describe('Low-rank adapters (Hu et al. 2021): few numbers learn beside frozen weights, and ship merged'),
  })
  .describe('Fine-tunes an ONNX file: from another program, or from this studio');
