import { z } from 'zod';
import { digest, float32Base64, id } from './common.ts';
import { query } from './procedure.ts';

export const explanationMethod = z.enum(['saliency', 'integrated_gradients', 'grad_cam']);
export type ExplanationMethod = z.infer<typeof explanationMethod>;

export const explanation = z.object({
  method: explanationMethod,
  target: z.int().describe('The class whose score is explained'),
  classes: z.array(z.string()),
  probabilities: z.array(z.number()),
  predicted: z.int(),
  label: z.int().min(-1),
  width: z.int(),
  height: z.int(),
  /** height × width, row-major. Signed for integrated gradients, else ≥ 0; not normalised. */
  values: float32Base64,
  /** What the picture is and is not, for the person who reads it. */
  statement: z.string(),
  /** Integrated gradients: sum of attributions − (score at input − score at baseline). Zero would be exact. */
  completenessGap: z.number().nullable(),
  durationMs: z.number(),
});
export type Explanation = z.infer<typeof explanation>;

export const modelReference = z.union([
  z.object({ runId: id }),
  z.object({ modelName: z.string(), version: z.int().min(1) }),
]);

export const procedures = {
  'explaining.methods': query(
    'The methods a model supports',
    z.object({ model: modelReference }),
    z.array(z.object({ method: explanationMethod, title: z.string(), statement: z.string() })),
  ),
  'explaining.explain': query(
    'Why the model says what it says of one item',
    z.object({
      model: modelReference,
      datasetDigest: digest,
      index: z.int().min(0),
      method: explanationMethod,
      target: z.int().min(0).optional().describe('Absent: the predicted class'),
      steps: z.int().min(8).max(512).default(64).describe('Integrated gradients only'),
    }),
    explanation,
  ),
};
