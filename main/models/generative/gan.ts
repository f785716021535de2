import type { AdversarialLoss, CompilableModel, Tensor, Trace } from '../../graph/index.ts';
import {
  add,
  BatchNorm2d,
  Conv2d,
  discriminatorLoss,
  Flatten,
  GraphError,
  generatorLoss,
  gradientPenalty,
  Linear,
  Module,
  multiply,
  PixelShuffle,
  ReLU,
  reduceSum,
  relu,
  reshape,
  Sequential,
  SpectralConv2d,
  SpectralLinear,
  scale,
  sigmoid,
  stopGradient,
  subtract,
} from '../../graph/index.ts';
import type { InputSignature, OutputSignature } from '../specification.ts';
import { CLASS_INPUT, classColumns, classesOf, joined } from './class-input.ts';
import type { ImageSignature } from './image-signature.ts';
import { imageInput } from './image-signature.ts';
import type { GanSpec } from './specification.ts';

const DEFAULT_CHANNELS = [32, 64] as const;

/** LeakyReLU with slope 0.2, as DCGAN's discriminator has it. */
class Leaky extends Module {
  readonly kind = 'LeakyReLU';

  forward(x: Tensor): Tensor {
    return add(scale(x, 0.2), scale(relu(x), 0.8));
  }
}

/** Latent vectors [N, latent] → images [N, channels, height, width] in (0, 1). */
export class Generator extends Module {
  readonly kind = 'Generator';
  readonly project: Linear;
  readonly body: Sequential;
  readonly latent: number;
  readonly classes: number;
  readonly temperature: number;
  readonly #shape: readonly [number, number, number];

  constructor(
    { latent, temperature = 1 }: GanSpec,
    channels: readonly number[],
    image: ImageSignature,
    classes: number,
  ) {
    super();
    this.latent = latent;
    this.classes = classes;
    this.temperature = temperature;
    const divisor = 2 ** channels.length;
    const ins = [...channels].reverse();
    this.#shape = [ins[0] ?? 1, image.height / divisor, image.width / divisor];
    this.project = new Linear(latent + classes, this.#shape[0] * this.#shape[1] * this.#shape[2]);
    const blocks = ins.flatMap((count, index) => {
      const out = ins[index + 1] ?? image.channels;
      return [new BatchNorm2d(count), new ReLU(), new Conv2d(count, 4 * out, 3, { padding: 1 }), new PixelShuffle(2)];
    });
    this.body = new Sequential(blocks);
  }

  forward(latent: Tensor, trace: Trace): Tensor {
    const told = this.classes === 0 ? null : classColumns(trace.input(CLASS_INPUT.name), this.classes);
    const flat = trace.run('project', this.project, joined(latent, told));
    const start = reshape(flat, [latent.shape[0] ?? 1, ...this.#shape]);
    return sigmoid(trace.run('body', this.body, start));
  }
}

/**
 * Images → their score, a logit [N, 1]: how real they look and, told a class, how much like it, which is a linear function
 * of the features per class (Miyato and Koyama 2018).
 */
class Discriminator extends Module {
  readonly kind = 'Discriminator';
  readonly layers: Sequential;
  readonly score: Module;
  readonly likeness?: Module;
  readonly #classes: number;

  constructor(channels: readonly number[], image: ImageSignature, spectral: boolean, classes: number) {
    super();
    const flat = ((channels.at(-1) ?? image.channels) * image.height * image.width) / 4 ** channels.length;
    const linear = (units: number): Module => (spectral ? new SpectralLinear(flat, units) : new Linear(flat, units));
    this.layers = new Sequential(discriminatorLayers(channels, image, spectral));
    this.score = linear(1);
    if (classes > 0) this.likeness = linear(classes);
    this.#classes = classes;
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const features = trace.run('layers', this.layers, x);
    const score = trace.run('score', this.score, features);
    if (this.likeness === undefined) return score;
    const columns = classColumns(trace.input(CLASS_INPUT.name), this.#classes);
    const likeness = multiply(trace.run('likeness', this.likeness, features), columns);
    return add(score, reduceSum(likeness, [1], true));
  }
}

/**
 * x in [0, 1] → its score, a logit [N, 1]. While training, both players learn at once from the sum of their losses: the
 * generator's sees a frozen discriminator, the discriminator's sees images cut off from the generator.
 */
export class Gan extends Module {
  readonly kind = 'GAN';
  readonly generator: Generator;
  readonly discriminator: Discriminator;
  readonly #latent: number;
  readonly #loss: AdversarialLoss;
  readonly #penalty: number;

  constructor(spec: GanSpec, image: ImageSignature, classes: number) {
    super();
    const channels = spec.channels ?? DEFAULT_CHANNELS;
    this.#latent = spec.latent;
    this.#loss = spec.loss ?? 'hinge';
    const isWasserstein = this.#loss === 'wasserstein';
    this.#penalty = spec.gradientPenalty ?? (isWasserstein ? 10 : 0);
    this.generator = new Generator(spec, channels, image, classes);
    this.discriminator = new Discriminator(channels, image, spec.spectralNorm ?? !isWasserstein, classes);
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const scores = trace.run('discriminator', this.discriminator, x);
    if (!trace.training) return scores;
    const { graph } = x;
    const batch = x.shape[0] ?? 1;
    const pixels = x.shape.slice(1).reduce<number>((product, size) => product * Number(size), 1);
    const rows = graph.apply('Slice', [reshape(x, [batch, pixels])], { axis: 1, start: 0, size: this.#latent });
    const latent = graph.apply('RandomNormal', [rows, trace.randomKey()]);
    const images = trace.run('generator', this.generator, latent);
    const fakeScores = trace.run('discriminator', this.discriminator, stopGradient(images));
    const fooled = trace.frozen(() => trace.run('discriminator', this.discriminator, images));
    trace.addLoss(discriminatorLoss(this.#loss, scores, fakeScores), 'discriminatorLoss');
    trace.addLoss(generatorLoss(this.#loss, fooled), 'generatorLoss');
    if (this.#penalty > 0) {
      const between = this.#between(x, stopGradient(images), trace);
      const penalty = gradientPenalty(trace.run('discriminator', this.discriminator, between), between);
      trace.addLoss(scale(penalty, this.#penalty), 'gradientPenalty');
    }
    return scores;
  }

  /** A point on the line between each image and a generated one. */
  #between(x: Tensor, images: Tensor, trace: Trace): Tensor {
    const { graph } = x;
    const batch = x.shape[0] ?? 1;
    const pixels = x.shape.slice(1).reduce<number>((product, size) => product * Number(size), 1);
    const one = graph.apply('Slice', [reshape(x, [batch, pixels])], { axis: 1, start: 0, size: 1 });
    const share = reshape(graph.apply('RandomUniform', [one, trace.randomKey()]), [batch, 1, 1, 1]);
    return add(images, multiply(share, subtract(x, images)));
  }
}

export function gan(spec: GanSpec, input: InputSignature, output: OutputSignature): CompilableModel {
  const image = imageInput(input, (spec.channels ?? DEFAULT_CHANNELS).length, 'GAN');
  const pixels = image.channels * image.height * image.width;
  if (!Number.isInteger(spec.latent) || spec.latent < 1 || spec.latent > pixels) {
    throw new GraphError(
      'invalid-argument',
      `A GAN's latent vector has between one number and as many as an image, not ${spec.latent}.`,
    );
  }
  const classes = classesOf(spec, output);
  return {
    module: new Gan(spec, image, classes),
    inputShape: [image.channels, image.height, image.width],
    ...(classes > 0 ? { moreInputs: [CLASS_INPUT] } : {}),
  };
}

function discriminatorLayers(channels: readonly number[], image: ImageSignature, spectral: boolean): readonly Module[] {
  const halve = (from: number, to: number): Module =>
    spectral ? new SpectralConv2d(from, to, 4, 2, 1) : new Conv2d(from, to, 4, { stride: 2, padding: 1 });
  return [
    ...channels.flatMap((count, index) => [halve(channels[index - 1] ?? image.channels, count), new Leaky()]),
    new Flatten(),
  ];
}
