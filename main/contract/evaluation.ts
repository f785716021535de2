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

const forecastErrors = z.object({
  meanAbsoluteError: z.number(),
  rootMeanSquaredError: z.number(),
  symmetricMeanAbsolutePercentageError: z.number().describe('0 to 2 (Armstrong 1985, as in the M4 competition)'),
});

/** Of a series forecast, in the units of the targets. */
export const forecastEvaluation = z.object({
  targets: z.array(z.string()),
  horizon: z.int(),
  model: forecastErrors,
  naive: forecastErrors.describe('The newest known value, repeated: what a forecast has to beat'),
  perStep: z.array(z.object({ model: z.number(), naive: z.number() })).describe('Mean absolute error by step ahead'),
  examples: z
    .array(
      z.object({
        target: z.int(),
        row: z.int().describe('The first forecast row of the table'),
        history: z.array(z.number().nullable()),
        truth: z.array(z.number()),
        forecast: z.array(z.number()),
      }),
    )
    .describe('A few windows, evenly over the split'),
  line: z
    .array(z.object({ row: z.int(), truth: z.number(), forecast: z.number() }))
    .describe('The first target one step ahead, at most 600 points'),
});

export const languageEvaluation = z.object({
  tokens: z.int(),
  perplexity: z.number(),
  bitsPerToken: z.number(),
  accuracy: z.number().describe('How often the most probable token was the next one'),
  samples: z.array(z.object({ prompt: z.string(), text: z.string() })).describe('What the model writes by itself'),
});

export const sequenceEvaluation = z.object({
  pairs: z.int().describe('Different sources; where one has several targets, the nearest counts'),
  exactMatch: z.number().describe('How often the target was written without a mistake'),
  tokenErrorRate: z
    .number()
    .describe('Tokens to insert, delete and replace (Levenshtein 1966), as a share of the tokens of the targets'),
  accuracy: z.number().describe('How often the next token is right where all before it are given'),
  examples: z
    .array(z.object({ source: z.string(), target: z.string(), written: z.string(), errors: z.int() }))
    .describe('A few pairs, evenly over the split'),
});

/** A picture that lies near another one. */
export const neighbour = z.object({
  index: z.int(),
  label: z.int(),
  similarity: z.number().describe('Cosine of the angle between the embeddings, −1 to 1'),
});
export type Neighbour = z.infer<typeof neighbour>;

/** Of embeddings: what is found of an item among all others of its split. */
export const retrievalEvaluation = z.object({
  classes: z.array(z.string()),
  queries: z.int().describe('Items whose class has another one, at most 10,000, evenly over the split'),
  recallAt1: z.number().describe('How often the nearest item is of the same class'),
  recallAt5: z.number().describe('How often one of the nearest five is'),
  meanAveragePrecisionAtR: z
    .number()
    .describe('Of the R nearest, R being how many of its class there are (Musgrave et al. 2020)'),
  rPrecision: z.number().describe('Share of the R nearest that is of the same class'),
  knnAccuracy: z.number().describe('How often most of the nearest are of the same class'),
  neighbours: z.int().describe('That vote for knnAccuracy'),
  perClass: z.array(
    z.object({
      label: z.string(),
      queries: z.int(),
      recallAt1: z.number().nullable(),
      meanAveragePrecisionAtR: z.number().nullable(),
    }),
  ),
  examples: z
    .array(z.object({ index: z.int(), label: z.int(), neighbours: z.array(neighbour) }))
    .describe('A few items evenly over the split and over the mistakes, with what lies nearest'),
});

export const segmentationEvaluation = z.object({
  classes: z.array(z.string()),
  meanIntersectionOverUnion: z.number(),
  meanDice: z.number(),
  pixelAccuracy: z.number(),
  perClass: z.array(
    z.object({
      label: z.string(),
      intersectionOverUnion: z.number().nullable().describe('Null where neither truth nor prediction has the class'),
      dice: z.number().nullable(),
      pixels: z.int().describe('Of the truth'),
    }),
  ),
  items: z
    .array(z.object({ index: z.int(), meanIntersectionOverUnion: z.number() }))
    .describe('The worst first, at most 200'),
});

export const detectionEvaluation = z.object({
  classes: z.array(z.string()),
  averagePrecision: z.number().describe('Mean over classes and overlaps 0.5 to 0.95, as COCO counts'),
  averagePrecision50: z.number(),
  averagePrecision75: z.number(),
  perClass: z.array(z.object({ label: z.string(), averagePrecision: z.number().nullable(), boxes: z.int() })),
  items: z
    .array(z.object({ index: z.int(), missed: z.int(), wrong: z.int() }))
    .describe('The most mistakes first, at most 200'),
});

/** How drawn pictures look to a classifier of real ones. */
export const generationFidelity = z.object({
  judge: z.object({ runId: id, name: z.string() }),
  samples: z.int(),
  confidentShare: z.number().describe('Of the samples: those that the judge is at least 90 % sure of'),
  realConfidentShare: z.number().describe('The same of real pictures that the judge never learned from'),
  agreement: z.number().nullable().describe('Share that the judge takes for the class that was asked for'),
  balance: z.number().describe('1 where all classes are drawn equally often, 0 where only one is'),
  frechetDistance: z
    .number()
    .nullable()
    .describe(
      'To real pictures, in the features of the judge’s last layer (Heusel et al. 2017); null without a list of layers',
    ),
});
export type GenerationFidelity = z.infer<typeof generationFidelity>;

export const generationEvaluation = z.object({
  samples: z.int(),
  columns: z.int(),
  width: z.int(),
  height: z.int(),
  channels: z.int(),
  /** Pixels of all samples, uint8, [samples, height, width, channels]. */
  pixels: z.string().describe('base64'),
  fidelity: generationFidelity.optional().describe('Where a classifier was trained on the same dataset'),
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
  /** One of these for the tasks of their names. */
  forecast: forecastEvaluation.optional(),
  language: languageEvaluation.optional(),
  sequence: sequenceEvaluation.optional(),
  retrieval: retrievalEvaluation.optional(),
  segmentation: segmentationEvaluation.optional(),
  detection: detectionEvaluation.optional(),
  generation: generationEvaluation.optional(),
});
export type Evaluation = z.infer<typeof evaluation>;

const box = z.object({
  label: z.int(),
  x: z.number().describe('Left edge in pixels of the picture'),
  y: z.number(),
  width: z.number(),
  height: z.number(),
});

export const scoredBox = box.extend({ score: z.number() });

/** What the model said of one picture, beside the truth. */
export const itemEvaluation = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('masks'),
    width: z.int(),
    height: z.int(),
    truth: z.string().describe('Class of each pixel, uint8, row-major, base64'),
    predicted: z.string(),
  }),
  z.object({
    kind: z.literal('boxes'),
    width: z.int(),
    height: z.int(),
    truth: z.array(box),
    predicted: z.array(scoredBox),
  }),
]);
export type ItemEvaluation = z.infer<typeof itemEvaluation>;

export const procedures = {
  'evaluation.item': query(
    'Masks or boxes of one picture of an evaluated split: the truth and what the model said',
    z.object({ runId: id, split, index: z.int().min(0) }),
    itemEvaluation,
  ),
  'evaluation.list': query('The evaluations of a run, one per split', z.object({ runId: id }), z.array(evaluation)),
  'evaluation.start': command(
    'Evaluates the best checkpoint of a run on a split',
    z.object({ runId: id, split }),
    z.object({ jobId: id }),
    ['researcher', 'clinician'],
  ),
};
