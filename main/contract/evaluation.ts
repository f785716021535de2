import { z } from 'zod';
import { digest, id, time } from './common.ts';
import { split } from './datasets.ts';
import { command, query } from './procedure.ts';

export const classMetrics = z.object({
  label: z.string(),
  precision: z.number().nullable(),
  recall: z.number().nullable(),
  f1: z.number().nullable(),
  support: z.int(),
  auc: z.number().nullable(),
});

export const evaluation = z.object({
  runId: id,
  datasetDigest: digest,
  split,
  createdAt: time,
  count: z.int(),
  loss: z.number(),
  /** Classification only; null for regression. */
  classification: z
    .object({
      classes: z.array(z.string()),
      accuracy: z.number(),
      macroF1: z.number(),
      weightedF1: z.number(),
      expectedCalibrationError: z.number(),
      brier: z.number(),
      confusion: z.array(z.array(z.int())).describe('[true][predicted] counts'),
      perClass: z.array(classMetrics),
      roc: z
        .array(
          z.object({
            label: z.string(),
            falsePositiveRate: z.array(z.number()),
            truePositiveRate: z.array(z.number()),
          }),
        )
        .describe('One-vs-rest, at most 200 points each'),
      calibration: z.array(
        z.object({
          lower: z.number(),
          upper: z.number(),
          count: z.int(),
          confidence: z.number().nullable(),
          accuracy: z.number().nullable(),
        }),
      ),
    })
    .nullable(),
  regression: z.object({ rootMeanSquaredError: z.number(), meanAbsoluteError: z.number(), r2: z.number() }).nullable(),
});
export type Evaluation = z.infer<typeof evaluation>;

export const procedures = {
  'evaluation.list': query('The evaluations of a run, one per split', z.object({ runId: id }), z.array(evaluation)),
  'evaluation.start': command(
    'Evaluates the best checkpoint of a run on a split',
    z.object({ runId: id, split }),
    z.object({ jobId: id }),
    ['researcher', 'clinician'],
  ),
};
