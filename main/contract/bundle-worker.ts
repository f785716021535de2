import { z } from 'zod';
import { digest } from './common.ts';
import { parityCheck } from './serving.ts';

/** The process that compares the graph of training with the graph that ships. */
export const parityTensor = z.object({
  dtype: z.enum(['float32', 'uint8', 'int64', 'int32', 'string']),
  dims: z.array(z.int()),
  data: z.union([
    z.instanceof(Float32Array),
    z.instanceof(Uint8Array),
    z.instanceof(BigInt64Array),
    z.instanceof(Int32Array),
    z.array(z.string()),
  ]),
});
export const parityInput = z.object({
  reference: z.object({
    onnx: z.instanceof(Uint8Array),
    weights: z.record(z.string(), parityTensor),
    drawing: z
      .discriminatedUnion('kind', [
        z.object({ kind: z.literal('latent') }),
        z.object({ kind: z.literal('ddim'), steps: z.int() }),
      ])
      .optional(),
  }),
  bundleOnnx: z.instanceof(Uint8Array),
  /** Of a model that writes text by a graph of its own, which is held to the same. */
  generation: z
    .object({
      onnx: z.instanceof(Uint8Array),
      input: z.string(),
      length: z.int(),
      cache: z.array(z.object({ past: z.string(), present: z.string(), shape: z.array(z.number()) })),
    })
    .optional(),
  outputName: z.string(),
  /** Both graphs answer `count` samples first. In batches, every input with that many rows is cut into them. */
  sets: z
    .array(
      z.object({
        inputs: z.record(z.string(), parityTensor),
        count: z.int().min(1),
        batchSizes: z.array(z.int().min(1)).min(1),
      }),
    )
    .min(1),
  tolerance: z.number().positive(),
  /**
   * What a row of the output is: the probabilities of classes; those of each pixel, [classes, pixels]; the numbers that boxes
   * are made of, which stand in the output `detections`; those of the ids in the output `sequences`; a picture, whose bytes
   * stand in the output `image`; or any numbers.
   */
  answer: z.enum(['class', 'pixels', 'boxes', 'tokens', 'picture', 'numbers']),
  classes: z.int().min(0),
});
export type ParityInput = z.infer<typeof parityInput>;

export const parityResult = z.object({
  checks: z.array(parityCheck),
  maxAbsDiff: z.number(),
  passed: z.boolean(),
  runtime: z.string(),
  /** The samples that differ most, at most ten, with the first of their numbers. */
  worst: z.array(
    z.object({
      sample: z.int(),
      batchSize: z.int(),
      maxAbsDiff: z.number(),
      reference: z.array(z.number()),
      bundle: z.array(z.number()),
    }),
  ),
});
export type ParityResult = z.infer<typeof parityResult>;

/** The process that writes a bundle to the disk. */
export const bundleWriterInput = z.object({
  folder: z.string().describe('Absolute; made by the writer'),
  zipPath: z.string(),
  /** Name of the folder inside the archive. */
  rootName: z.string(),
  files: z.array(
    z.union([
      z.object({ path: z.string(), text: z.string() }),
      z.object({ path: z.string(), bytes: z.instanceof(Uint8Array) }),
      z.object({ path: z.string(), source: z.string().describe('A file to copy') }),
    ]),
  ),
});
export type BundleWriterInput = z.infer<typeof bundleWriterInput>;

export const bundleWriterProgress = z.object({ done: z.int(), total: z.int(), phase: z.string() });

export const bundleWriterResult = z.object({
  digest,
  sizeBytes: z.int(),
  files: z.array(z.object({ path: z.string(), sha256: digest, sizeBytes: z.int() })),
});
export type BundleWriterResult = z.infer<typeof bundleWriterResult>;
