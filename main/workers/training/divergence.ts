import { LightbenchError } from '../../contract/errors.ts';
import type { Model } from '../../models/index.ts';
import type { Feeds } from './feeds.ts';
import type { StepFigures, StepRunner } from './step-runner.ts';

interface Divergence {
  readonly step: number;
  readonly stepsPerEpoch: number;
  readonly learningRate: number;
  readonly figures: StepFigures;
  readonly feeds: Feeds;
  readonly runner: StepRunner;
  readonly model: Model;
}

/** Why a loss is no number, as far as can be seen without running anything again: the input, the weights, their size. */
export function describeDivergence(divergence: Divergence): LightbenchError {
  const { step, stepsPerEpoch, learningRate, figures, feeds, runner, model } = divergence;
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
  const parameters = runner.parameters();
  const broken = Object.keys(parameters).find((name) => parameters[name].some((value) => !Number.isFinite(value)));
  if (broken !== undefined)
    return new LightbenchError(
      'training.diverged',
      `${where} The first layer whose weights are no longer finite is ${layerName(model, broken)}.`,
      { details: { ...details, layer: broken } },
    );
  const sizes = Object.entries(parameters).map(([name, values]) => ({
    name,
    size: values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0),
  }));
  const largest = sizes.reduce((a, b) => (b.size > a.size ? b : a));
  return new LightbenchError(
    'training.diverged',
    `${where} The largest weight before it was ${largest.size.toPrecision(3)}, in ${layerName(model, largest.name)}.`,
    { details: { ...details, layer: largest.name } },
  );
}

/** `layers.3 (Conv2d)` of `layers.3.weight`. */
function layerName(model: Model, parameter: string): string {
  const path = parameter.slice(0, parameter.lastIndexOf('.'));
  const kind = model.summary.layers.find((layer) => layer.name === path)?.kind;
  return kind === undefined ? path : `${path} (${kind})`;
}
