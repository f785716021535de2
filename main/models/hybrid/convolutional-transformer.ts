import type { CompilableModel, Tensor, Trace } from '../../graph/index.ts';
import {
  add,
  BatchNorm2d,
  Conv2d,
  GraphError,
  LayerNorm,
  Linear,
  Module,
  Parameter,
  ReLU,
  reduceMean,
  reshape,
  Sequential,
  TransformerEncoderLayer,
  transpose,
} from '../../graph/index.ts';
import type { InputSignature, OutputSignature } from '../specification.ts';
import type { ConvolutionalTransformerSpec } from './specification.ts';

const POSITION_DEVIATION = 0.02;

/** [N, channels, height, width] → one output per image. */
class ConvolutionalTransformer extends Module {
  readonly kind = 'ConvolutionalTransformer';
  readonly stem: Sequential;
  readonly positions: Parameter;
  readonly layers: readonly TransformerEncoderLayer[];
  readonly norm: LayerNorm;
  readonly head: Linear;

  constructor(spec: ConvolutionalTransformerSpec, image: readonly [number, number, number], units: number) {
    super();
    const { channels = [32, 64], width, heads, feedForward = 2 * width, dropout = 0 } = spec;
    const [inChannels, imageHeight, imageWidth] = image;
    const halved = (size: number): number => channels.reduce((side) => Math.ceil(side / 2), size);
    this.stem = new Sequential([
      ...channels.flatMap((count, index) => [
        new Conv2d(channels[index - 1] ?? inChannels, count, 3, { stride: 2, padding: 1, bias: false }),
        new BatchNorm2d(count),
        new ReLU(),
      ]),
      new Conv2d(channels.at(-1) ?? inChannels, width, 1),
    ]);
    const steps = halved(imageHeight) * halved(imageWidth);
    this.positions = new Parameter([steps, width], { kind: 'normal', deviation: POSITION_DEVIATION });
    const options = { width, heads, feedForward, dropout, activation: 'gelu', order: 'pre' } as const;
    this.layers = Array.from({ length: spec.layers }, () => new TransformerEncoderLayer(options));
    this.norm = new LayerNorm(width);
    this.head = new Linear(width, units);
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const features = trace.run('stem', this.stem, x);
    const [batch = 1, width = 0] = features.shape;
    const steps = this.positions.shape[0] ?? 0;
    const sequence = transpose(reshape(features, [batch, width, steps]), [0, 2, 1]);
    const placed = add(sequence, trace.tensor(this.positions));
    const related = this.layers.reduce((value, layer, index) => trace.run(`layers.${index}`, layer, value), placed);
    return trace.run('head', this.head, reduceMean(trace.run('norm', this.norm, related), [1]));
  }
}

export function convolutionalTransformer(
  spec: ConvolutionalTransformerSpec,
  input: InputSignature,
  output: OutputSignature,
): CompilableModel {
  if (input.kind !== 'image') {
    throw new GraphError('unsupported', `A convolutional transformer takes images, not ${input.kind}.`);
  }
  if (output.kind !== 'classification' && output.kind !== 'regression') {
    throw new GraphError('unsupported', `A convolutional transformer cannot end in ${output.kind}.`);
  }
  const image = [input.channels, input.height, input.width] as const;
  const units = output.kind === 'classification' ? output.classes : output.outputs;
  return { module: new ConvolutionalTransformer(spec, image, units), inputShape: image };
}
