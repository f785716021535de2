import { LightbenchError } from '../../contract/errors.ts';
import type { ParameterValues } from '../../graph/index.ts';
import type { Model } from '../../models/index.ts';
import type { Feeds } from './feeds.ts';
import type { FirstBroken, LayerStatistics } from './layer-statistics.ts';
import type { StepFigures, StepRunner } from './step-runner.ts';

interface Divergence {
  readonly step: number;
  readonly stepsPerEpoch: number;
  /** Of all steps that were run in one go. */
  readonly learningRates: readonly number[];
  readonly figures: StepFigures;
  readonly feeds: Feeds;
  readonly runner: StepRunner;
  readonly model: Model;
  readonly statistics: LayerStatistics;
  readonly seed: number;
  /** All steps of the run read the same feeds. */
  readonly whole: boolean;
  /** Which of the steps that were run in one go it was. */
  readonly place: number;
}

/** Why a loss is no number: the input, the weights, the first layer where it shows when the step is looked at again. */
export async function describeDivergence(divergence: Divergence): Promise<LightbenchError> {
  const { step, stepsPerEpoch, learningRates, place, figures, feeds, runner, model } = divergence;
  const learningRate = learningRates[place];
  const where = `The loss became ${figures.loss} at step ${step} (epoch ${((step - 1) / stepsPerEpoch).toFixed(2)}) with the learning rate ${learningRate.toPrecision(3)}.`;
  const details = { step, learningRate };
  if (Object.values(feeds).some(({ data }) => data instanceof Float32Array && !data.every(Number.isFinite)))
    return new LightbenchError(
      'training.diverged',
      `${where} The inputs of the batch hold values that are no numbers.`,
      {
        details,
        suggestion: 'Look for broken inputs in the quality report.',
      },
    );
  const parameters = await runner.parameters();
  const broken = brokenWeights(where, parameters, model, details);
  if (broken !== null) return broken;
  const first = await firstBroken(divergence);
  const sizes = Object.entries(parameters).map(([name, values]) => ({
    name,
    size: values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0),
  }));
  const largest = sizes.reduce((a, b) => (b.size > a.size ? b : a));
  return new LightbenchError(
    'training.diverged',
    `${where} ${first === null ? '' : `${sentence(model, first)} `}The largest weight before it was ${largest.size.toPrecision(3)}, in ${layerName(model, largest.name)}.`,
    { details: { ...details, layer: first?.layer ?? largest.name, ...(first === null ? {} : { where: first.where }) } },
  );
}

/** Why the validation loss is no number although that of the last step was one: it is measured before the update. */
export function describeBrokenValidation(
  step: number,
  stepsPerEpoch: number,
  loss: number,
  weights: ParameterValues,
  model: Model,
): LightbenchError {
  const where = `The validation loss became ${loss} after step ${step} (epoch ${(step / stepsPerEpoch).toFixed(2)}).`;
  const details = { step };
  return (
    brokenWeights(where, weights, model, details) ??
    new LightbenchError(
      'training.diverged',
      `${where} All weights are finite: what the model makes of the items is not.`,
      {
        details,
        suggestion:
          'Look for broken inputs among the validation items in the quality report, or lower the learning rate.',
      },
    )
  );
}

function brokenWeights(
  where: string,
  weights: ParameterValues,
  model: Model,
  details: Readonly<Record<string, unknown>>,
): LightbenchError | null {
  const broken = Object.keys(weights).find((name) => weights[name].some((value) => !Number.isFinite(value)));
  if (broken === undefined) return null;
  return new LightbenchError(
    'training.diverged',
    `${where} The first layer whose weights are no longer finite is ${layerName(model, broken)}.`,
    { details: { ...details, layer: broken } },
  );
}

/** The state is that from before the steps that were run in one go: the sound ones are repeated, one by one. */
async function firstBroken({ statistics, feeds, runner, seed, step, whole, place, learningRates }: Divergence) {
  const partOf = (index: number): Feeds =>
    whole
      ? feeds
      : Object.fromEntries(
          Object.entries(feeds).map(([name, feed]) => {
            const length = feed.data.length / learningRates.length;
            return [name, { ...feed, data: feed.data.slice(index * length, (index + 1) * length) as typeof feed.data }];
          }),
        );
  for (let index = 0; index < place; index++)
    await runner.run(step - place + index, Float32Array.of(learningRates[index]), seed, partOf(index), whole);
  return statistics.firstBroken(partOf(place), runner.tensors(), seed, step);
}

const sentence = (model: Model, { layer, where }: FirstBroken): string =>
  where === 'output'
    ? `The first layer whose output is not finite is ${named(model, layer)}.`
    : `All outputs of layers are finite; going back, the first gradient that is not is that of ${named(model, layer)}.`;

/** `layers.3 (Conv2d)` of `layers.3.weight`. */
const layerName = (model: Model, parameter: string): string =>
  named(model, parameter.slice(0, parameter.lastIndexOf('.')));

function named(model: Model, path: string): string {
  const kind = model.summary.layers.find((layer) => layer.name === path)?.kind;
  return kind === undefined ? path : `${path} (${kind})`;
}
