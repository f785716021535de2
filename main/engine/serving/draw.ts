import { LightbenchError } from '../../contract/errors.ts';
import type { ParsedInput } from '../../contract/index.ts';
import type { Drawing } from '../../contract/serving.ts';
import { drawingInputs, STEPS, toProtocolTensors } from '../registry/index.ts';
import type { InputLayout } from '../training/index.ts';
import { ask, type PredictionTarget } from './predict.ts';

type Wanted = Pick<ParsedInput<'deployments.draw'>, 'seed' | 'count' | 'label' | 'settings'>;

/** Has a model server draw. @throws LightbenchError deployment.not_ready, deployment.bad_input */
export async function draw(
  target: PredictionTarget,
  layout: InputLayout,
  { seed, count, label, settings }: Wanted,
  signal?: AbortSignal,
): Promise<Drawing> {
  const { drawing } = layout;
  if (drawing === undefined)
    throw new LightbenchError('deployment.bad_input', `${target.endpoint} serves a model that draws no pictures.`, {
      suggestion: 'Send it an item of a dataset.',
    });
  const unknown = Object.keys(settings).find((name) => drawing.settings[name] === undefined);
  if (unknown !== undefined)
    throw new LightbenchError('deployment.bad_input', `${target.modelName} has no input ${unknown}.`);
  const { [STEPS]: steps = 1 } = settings;
  if (!Number.isInteger(steps))
    throw new LightbenchError('deployment.bad_input', `${steps} steps cannot be taken.`, {
      suggestion: 'Give a whole number of steps.',
    });
  const pictures = Array.from({ length: count }, (_, place) => ({
    seed: seed + place,
    label: drawing.classes === 0 ? -1 : (label ?? place % drawing.classes),
  }));
  const inputs = toProtocolTensors(drawingInputs(layout, pictures, settings));
  const { answer, exchange } = await ask(target, inputs, ['image'], signal);
  const [{ shape, data }] = answer.outputs;
  const [samples, height, width, channels] = shape;
  return {
    ...exchange,
    samples,
    height,
    width,
    channels,
    pixels: Buffer.from(data as Uint8Array).toString('base64'),
    labels: pictures.map((picture) => picture.label),
  };
}
