import type { CompilableModel, Initialization, Tensor, Trace } from '../../graph/index.ts';
import {
  Conv2d,
  ConvTranspose2d,
  Dropout,
  GraphError,
  MaxPool2d,
  Module,
  Sequential,
  Upsample,
} from '../../graph/index.ts';
import type { InputSignature, OutputSignature } from '../specification.ts';
import { convolutionBlock } from './convolution-block.ts';
import type { UNetSpec } from './specification.ts';

/** Logits [batch, classes, height, width]. */
export class UNet extends Module {
  readonly kind = 'UNet';
  readonly encoders: readonly Module[];
  readonly bottom: Module;
  readonly growers: readonly Module[];
  readonly decoders: readonly Module[];
  readonly head: Conv2d;
  readonly #pool = new MaxPool2d(2, { sharedInput: true });

  constructor(spec: UNetSpec, inChannels: number, classes: number, initialization: Initialization) {
    super();
    const { channels, normalization = 'none', upsampling = 'nearest', dropout = 0 } = spec;
    const pair = (from: number, to: number): Module[] => [
      convolutionBlock(from, to, { normalization, initialization }),
      convolutionBlock(to, to, { normalization, initialization }),
    ];
    const skips = channels.slice(0, -1);
    const deepest = channels.at(-1);
    const [outermost] = skips;
    if (outermost === undefined || deepest === undefined) {
      throw new GraphError('invalid-argument', 'A U-Net needs the channels of at least two levels.');
    }
    this.encoders = skips.map((count, level) => new Sequential(pair(skips[level - 1] ?? inChannels, count)));
    const bottom = pair(skips.at(-1) ?? inChannels, deepest);
    this.bottom = new Sequential(dropout > 0 ? [...bottom, new Dropout(dropout)] : bottom);
    const upwards = skips.map((count, level) => ({ count, below: channels[level + 1] ?? deepest })).reverse();
    this.growers = upwards.map(({ count, below }) =>
      upsampling === 'transpose'
        ? new ConvTranspose2d(below, count, 2, { stride: 2, initialization })
        : new Upsample(2, upsampling),
    );
    this.decoders = upwards.map(({ count, below }) => {
      const grown = upsampling === 'transpose' ? count : below;
      return new Sequential(pair(grown + count, count));
    });
    this.head = new Conv2d(outermost, classes, 1, { initialization });
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const skips: Tensor[] = [];
    let value = x;
    this.encoders.forEach((encoder, level) => {
      const skip = trace.run(`encoders.${level}`, encoder, value);
      skips.push(skip);
      value = trace.run(`pools.${level}`, this.#pool, skip);
    });
    value = trace.run('bottom', this.bottom, value);
    this.decoders.forEach((decoder, level) => {
      const grown = trace.run(`growers.${level}`, this.growers[level] as Module, value);
      const joined = trace.graph.apply('Concat', [grown, skips.at(-1 - level)], { axis: 1 });
      value = trace.run(`decoders.${level}`, decoder, joined);
    });
    return trace.run('head', this.head, value);
  }
}

export function unet(
  spec: UNetSpec & { readonly initialization?: Initialization },
  input: InputSignature,
  output: OutputSignature,
): CompilableModel {
  if (input.kind !== 'image') throw new GraphError('unsupported', `A U-Net takes images, not ${input.kind}.`);
  if (output.kind !== 'segmentation') {
    throw new GraphError('unsupported', `A U-Net yields a segmentation, not ${output.kind}.`);
  }
  const { channels, height, width } = input;
  const factor = 2 ** (spec.channels.length - 1);
  if (height % factor !== 0 || width % factor !== 0) {
    throw new GraphError(
      'shape-mismatch',
      `A U-Net of ${spec.channels.length} levels halves the image ${spec.channels.length - 1} times: ${height} x ${width} ` +
        `pixels are no multiples of ${factor}. Resize the images or take fewer levels.`,
    );
  }
  const module = new UNet(spec, channels, output.classes, spec.initialization ?? 'pytorch');
  return { module, inputShape: [channels, height, width] };
}
