import type { CompilableModel, Tensor, TensorSpec, Trace } from '../../graph/index.ts';
import {
  add,
  cast,
  GraphError,
  gatherRows,
  Module,
  multiply,
  reduceMean,
  reshape,
  scale,
  shift,
  subtract,
} from '../../graph/index.ts';
import type { InputSignature, OutputSignature } from '../specification.ts';
import { CLASS_INPUT, classColumns, classesOf } from './class-input.ts';
import type { ImageSignature } from './image-signature.ts';
import { imageInput } from './image-signature.ts';
import { noiseLevels } from './noise-schedule.ts';
import type { DiffusionSpec } from './specification.ts';
import { TimedUnet } from './timed-unet.ts';

/** Share of the images that a conditional model is not told the class of, so that it learns to draw without, too. */
const UNTOLD_SHARE = 0.1;

/** How far a picture goes beyond its class, where whoever asks for it says so. */
export const GUIDANCE: TensorSpec = { name: 'guidance', dtype: 'float32', shape: [1] };

/** How much of the image and of the noise is left at given times: √ᾱ and √(1 − ᾱ), each [N, 1, 1, 1]. */
interface Mixture {
  readonly signal: Tensor;
  readonly noise: Tensor;
}

/**
 * x in [0, 1]. While training, each image gets a time and noise of its own, and the squared error of the prediction is
 * added as loss. Otherwise: one step of DDIM, see `DdimStep`.
 */
export class Diffusion extends Module {
  readonly kind = 'Diffusion';
  readonly network: TimedUnet;
  readonly #levels: Float64Array;
  readonly prediction: 'epsilon' | 'v';
  readonly classes: number;
  readonly guidance: number;

  constructor(spec: DiffusionSpec, { channels, height, width }: ImageSignature, classes: number) {
    super();
    const { steps = 1000, schedule = 'cosine', prediction = 'v' } = spec;
    this.#levels = noiseLevels(schedule, steps);
    this.prediction = prediction;
    this.classes = classes;
    this.guidance = spec.guidance ?? 2;
    this.network = new TimedUnet([channels, height, width], spec.channels ?? [32, 64], steps, classes);
  }

  get steps(): number {
    return this.#levels.length;
  }

  forward(x: Tensor, trace: Trace): Tensor {
    // Outside training there is no noise to take away: the prediction for the image as it is, at time 0.
    const told = this.classes === 0 ? null : classColumns(trace.input(CLASS_INPUT.name), this.classes);
    if (!trace.training) return this.network.predict(centered(x), timesLike(x, 0), told, trace);
    const { graph } = x;
    const clean = centered(x);
    const one = reshape(reduceMean(x, [1, 2, 3]), [x.shape[0] ?? 1]);
    const uniform = graph.apply('RandomUniform', [one, trace.randomKey()]);
    const time = cast(scale(uniform, this.steps), 'int64');
    const noise = graph.apply('RandomNormal', [x, trace.randomKey()]);
    const level = this.mixture(time);
    const noisy = add(multiply(clean, level.signal), multiply(noise, level.noise));
    const target =
      this.prediction === 'epsilon' ? noise : subtract(multiply(noise, level.signal), multiply(clean, level.noise));
    const shown = told === null ? null : multiply(told, this.#untold(told, trace));
    const predicted = this.network.predict(noisy, time, shown, trace);
    const error = subtract(predicted, target);
    trace.addLoss(reduceMean(multiply(error, error), [0, 1, 2, 3]), 'error');
    return predicted;
  }

  /** One for most images and zero for the others, [N, 1]. */
  #untold(told: Tensor, trace: Trace): Tensor {
    const mask = told.graph.apply('SampleMask', [told, trace.randomKey()], { probability: UNTOLD_SHARE });
    return scale(mask, 1 - UNTOLD_SHARE);
  }

  /** The noise level at times [N] int64; a time of −1 is the clean image. */
  mixture(time: Tensor): Mixture {
    const { graph } = time;
    const column = (values: readonly number[]): Tensor => {
      const table = graph.constant('float32', [values.length, 1], Float32Array.from(values));
      const place = graph.apply('Add', [time, graph.constant('int64', [], BigInt64Array.of(1n))]);
      return reshape(gatherRows(table, place), [time.shape[0] ?? 1, 1, 1, 1]);
    };
    const levels = [1, ...this.#levels];
    return {
      signal: column(levels.map(Math.sqrt)),
      noise: column(levels.map((level) => Math.sqrt(1 - level))),
    };
  }

  /** What a prediction at a noisy image says of the clean image and of the noise. */
  separate(noisy: Tensor, predicted: Tensor, level: Mixture): { readonly clean: Tensor; readonly noise: Tensor } {
    const { graph } = noisy;
    if (this.prediction === 'v') {
      const clean = subtract(multiply(noisy, level.signal), multiply(predicted, level.noise));
      return { clean, noise: add(multiply(noisy, level.noise), multiply(predicted, level.signal)) };
    }
    const clean = graph.apply('Div', [subtract(noisy, multiply(predicted, level.noise)), level.signal]);
    return { clean, noise: predicted };
  }
}

/**
 * One step of DDIM without noise (Song, Meng and Ermon 2021): `x` at time `time` (int64 [N]) → `x` at the earlier time
 * `next` (−1: the clean image). A conditional model reads `label`, and goes beyond it by guidance (Ho and Salimans 2022).
 * Images lie around zero; the output `image` is the clean image expected so far, in [0, 1].
 */
export class DdimStep extends Module {
  readonly kind = 'DDIMStep';
  readonly network: TimedUnet;
  readonly #diffusion: Diffusion;
  readonly #asksGuidance: boolean;

  /** @param asksGuidance whether the input `guidance` says how far to go beyond the class */
  constructor(diffusion: Diffusion, asksGuidance = false) {
    super();
    this.#diffusion = diffusion;
    this.#asksGuidance = asksGuidance;
    this.network = diffusion.network;
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const [time, next] = [trace.input('time'), trace.input('next')];
    const level = this.#diffusion.mixture(time);
    const predicted = this.#guided(x, time, trace);
    const { clean, noise } = this.#diffusion.separate(x, predicted, level);
    const { graph } = x;
    const clipped = graph.apply('Max', [graph.apply('Min', [clean, graph.scalar(1)]), graph.scalar(-1)]);
    // The noise that fits the clipped image, so that both add up to x.
    const rest = graph.apply('Div', [
      subtract(x, multiply(clipped, level.signal)),
      graph.apply('Max', [level.noise, graph.scalar(1e-4)]),
    ]);
    const goal = this.#diffusion.mixture(next);
    trace.emit('image', scale(shift(clipped, 1), 0.5));
    trace.emit('noise', noise);
    return add(multiply(clipped, goal.signal), multiply(rest, goal.noise));
  }

  #guided(x: Tensor, time: Tensor, trace: Trace): Tensor {
    const { classes, guidance } = this.#diffusion;
    if (classes === 0) return this.network.predict(x, time, null, trace);
    const columns = classColumns(trace.input(CLASS_INPUT.name), classes);
    const told = this.network.predict(x, time, columns, trace);
    if (guidance === 0 && !this.#asksGuidance) return told;
    const untold = this.network.predict(x, time, scale(columns, 0), trace);
    const beyond = subtract(told, untold);
    return add(told, this.#asksGuidance ? multiply(beyond, trace.input(GUIDANCE.name)) : scale(beyond, guidance));
  }
}

export function diffusion(spec: DiffusionSpec, input: InputSignature, output: OutputSignature): CompilableModel {
  const image = imageInput(input, 2, 'diffusion model');
  const { steps = 1000 } = spec;
  if (!Number.isInteger(steps) || steps < 2) {
    throw new GraphError('invalid-argument', `Diffusion needs two steps or more, not ${steps}.`);
  }
  const classes = classesOf(spec, output);
  return {
    module: new Diffusion(spec, image, classes),
    inputShape: [image.channels, image.height, image.width],
    ...(classes > 0 ? { moreInputs: [CLASS_INPUT] } : {}),
  };
}

/** Times of a DDIM run in `count` steps out of `steps`, latest first, with the clean image's −1 at the end. */
export function ddimTimes(steps: number, count: number): readonly number[] {
  return [...Array.from({ length: count }, (_, index) => Math.round(((count - index) * steps) / count) - 1), -1];
}

/** [0, 1] → [−1, 1]. */
const centered = (x: Tensor): Tensor => shift(scale(x, 2), -1);

/** The same time for each image, int64 [N]. */
function timesLike(x: Tensor, time: number): Tensor {
  const zero = scale(reshape(reduceMean(x, [1, 2, 3]), [x.shape[0] ?? 1]), 0);
  return cast(shift(zero, time), 'int64');
}
