import type { CompilableModel, Tensor, Trace } from '../../graph/index.ts';
import {
  add,
  Conv2d,
  exponential,
  Flatten,
  GraphError,
  gaussianKl,
  Linear,
  Module,
  multiply,
  PixelShuffle,
  ReLU,
  reduceMean,
  reduceSum,
  reshape,
  Sequential,
  scale,
  sigmoid,
  subtract,
} from '../../graph/index.ts';
import type { InputSignature, OutputSignature } from '../specification.ts';
import { CLASS_INPUT, classColumns, classesOf, joined } from './class-input.ts';
import type { ImageSignature } from './image-signature.ts';
import { imageInput } from './image-signature.ts';
import type { VaeSpec } from './specification.ts';

/** [N, product] → [N, ...sizes]. */
class Unflatten extends Module {
  readonly kind = 'Unflatten';
  readonly #sizes: readonly number[];

  constructor(sizes: readonly number[]) {
    super();
    this.#sizes = sizes;
  }

  forward(x: Tensor): Tensor {
    return reshape(x, [x.shape[0] ?? 1, ...this.#sizes]);
  }
}

/**
 * x in [0, 1] → its reconstruction. While training, the latent vector is drawn by reparametrisation and the negative
 * evidence lower bound is added as loss, in the parts `reconstruction` and `divergence` (β included), per image.
 */
export class Vae extends Module {
  readonly kind = 'VAE';
  readonly encoder: Sequential;
  readonly mean: Linear;
  readonly logVariance: Linear;
  readonly decoder: VaeDecoder;
  readonly #beta: number;
  readonly #likelihood: 'bernoulli' | 'gaussian';
  readonly #classes: number;

  constructor(spec: VaeSpec, image: ImageSignature, classes: number) {
    super();
    const { latent, channels = [], hidden = [256] } = spec;
    const shape = innerShape(channels, image);
    const flat = shape[0] * shape[1] * shape[2];
    this.encoder = new Sequential([...downLayers(channels, image), new Flatten(), ...denseLayers(flat, hidden)]);
    const last = hidden.at(-1) ?? flat;
    this.mean = new Linear(last + classes, latent);
    this.logVariance = new Linear(last + classes, latent);
    this.decoder = new VaeDecoder(spec, image, classes);
    this.#classes = classes;
    this.#beta = spec.beta ?? 1;
    this.#likelihood = spec.likelihood ?? 'bernoulli';
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const told = this.#classes === 0 ? null : classColumns(trace.input(CLASS_INPUT.name), this.#classes);
    const h = joined(trace.run('encoder', this.encoder, x), told);
    const mean = trace.run('mean', this.mean, h);
    if (!trace.training) {
      trace.emit('latent', mean);
      return trace.run('decoder', this.decoder, mean);
    }
    const logVariance = trace.run('logVariance', this.logVariance, h);
    const noise = x.graph.apply('RandomNormal', [mean, trace.randomKey()]);
    const latent = add(mean, multiply(exponential(scale(logVariance, 0.5)), noise));
    const logits = this.decoder.logits(joined(latent, told), trace);
    trace.addLoss(this.#reconstruction(x, logits), 'reconstruction');
    trace.addLoss(scale(gaussianKl(mean, logVariance), this.#beta), 'divergence');
    return sigmoid(logits);
  }

  /** −log p(x | z) per image, up to a constant. */
  #reconstruction(x: Tensor, logits: Tensor): Tensor {
    const perPixel =
      this.#likelihood === 'bernoulli'
        ? subtract(x.graph.apply('Softplus', [logits]), multiply(x, logits))
        : scale(square(subtract(sigmoid(logits), x)), 0.5);
    return reduceMean(reduceSum(perPixel, [1, 2, 3]), [0]);
  }
}

/** Latent vectors [N, latent] → images [N, channels, height, width] in (0, 1). */
export class VaeDecoder extends Module {
  readonly kind = 'VAEDecoder';
  readonly body: Sequential;
  readonly latent: number;
  readonly classes: number;
  readonly temperature: number;

  constructor(
    { latent, channels = [], hidden = [256], temperature = 1 }: VaeSpec,
    image: ImageSignature,
    classes: number,
  ) {
    super();
    this.latent = latent;
    this.classes = classes;
    this.temperature = temperature;
    const shape = innerShape(channels, image);
    const sizes = [...hidden].reverse();
    const last = sizes.at(-1) ?? latent + classes;
    this.body = new Sequential([
      ...denseLayers(latent + classes, sizes),
      new Linear(last, shape[0] * shape[1] * shape[2]),
      ...(channels.length > 0 ? [new ReLU()] : []),
      new Unflatten(shape),
      ...upLayers(channels, image.channels),
    ]);
  }

  /** @param code [N, latent + classes] */
  logits(code: Tensor, trace: Trace): Tensor {
    return trace.run('decoder.body', this.body, code);
  }

  forward(latent: Tensor, trace: Trace): Tensor {
    const told = this.classes === 0 ? null : classColumns(trace.input(CLASS_INPUT.name), this.classes);
    return sigmoid(trace.run('body', this.body, joined(latent, told)));
  }
}

export function vae(spec: VaeSpec, input: InputSignature, output: OutputSignature): CompilableModel {
  const image = imageInput(input, spec.channels?.length ?? 0, 'VAE');
  if (!Number.isInteger(spec.latent) || spec.latent < 1) {
    throw new GraphError('invalid-argument', `A VAE needs a latent vector of one number or more, not ${spec.latent}.`);
  }
  const classes = classesOf(spec, output);
  return {
    module: new Vae(spec, image, classes),
    inputShape: [image.channels, image.height, image.width],
    ...(classes > 0 ? { moreInputs: [CLASS_INPUT] } : {}),
  };
}

const square = (x: Tensor): Tensor => multiply(x, x);

/** What the convolutions leave of an image. */
function innerShape(channels: readonly number[], image: ImageSignature): readonly [number, number, number] {
  const divisor = 2 ** channels.length;
  return [channels.at(-1) ?? image.channels, image.height / divisor, image.width / divisor];
}

function denseLayers(features: number, sizes: readonly number[]): readonly Module[] {
  return sizes.flatMap((size, index) => [new Linear(sizes[index - 1] ?? features, size), new ReLU()]);
}

function downLayers(channels: readonly number[], image: ImageSignature): readonly Module[] {
  return channels.flatMap((count, index) => [
    new Conv2d(channels[index - 1] ?? image.channels, count, 3, { stride: 2, padding: 1 }),
    new ReLU(),
  ]);
}

/** Convolutions to four times the channels, each turned into twice the side: no checkerboards of strided transposes. */
function upLayers(channels: readonly number[], imageChannels: number): readonly Module[] {
  const outs = [imageChannels, ...channels].slice(0, -1).reverse();
  const ins = [...channels].reverse();
  return ins.flatMap((count, index) => {
    const out = outs[index] ?? imageChannels;
    const isLast = index === ins.length - 1;
    return [new Conv2d(count, out * 4, 3, { padding: 1 }), new PixelShuffle(2), ...(isLast ? [] : [new ReLU()])];
  });
}
