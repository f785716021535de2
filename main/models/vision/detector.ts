import type { CompilableModel, Initialization, Tensor, Trace } from '../../graph/index.ts';
import { add, Conv2d, decodeCorners, GraphError, Module, Sequential, sigmoid, Upsample } from '../../graph/index.ts';
import type { InputSignature, OutputSignature } from '../specification.ts';
import { convolutionBlock } from './convolution-block.ts';
import type { DetectorSpec, ImageNorm } from './specification.ts';

/** So that the heat map starts near a tenth everywhere: most cells hold no centre (Lin et al. 2017). */
const HEAT_START = -Math.log((1 - 0.1) / 0.1);

interface Size {
  readonly inChannels: number;
  readonly classes: number;
  readonly initialization: Initialization;
}

/**
 * [batch, classes + 4, height / stride, width / stride]: logits of the heat map, then the distances to the left, top,
 * right and bottom side as inverse softplus, in cells. A forward graph also yields `detections` [detections, 7]: image,
 * class, score, left, top, right, bottom in pixels.
 */
export class Detector extends Module {
  readonly kind = 'Detector';
  readonly levels: readonly Module[];
  readonly laterals: readonly Module[];
  readonly heat: Module;
  readonly sides: Module;
  readonly #classes: number;
  readonly #stride: number;
  readonly #decoding: {
    readonly scoreThreshold: number;
    readonly overlapThreshold: number;
    readonly maximumBoxes: number;
  };

  constructor(spec: DetectorSpec, { inChannels, classes, initialization }: Size) {
    super();
    const { channels, stride = 4, normalization = 'batch' } = spec;
    const level = Math.log2(stride);
    const width = channels[level];
    if (width === undefined) {
      throw new GraphError(
        'invalid-argument',
        `A detector of ${channels.length} levels has cells of 1 to ${2 ** (channels.length - 1)} pixels, not ${stride}.`,
      );
    }
    const options = { normalization, initialization };
    this.levels = channels.map((count, index) => {
      const from = channels[index - 1] ?? inChannels;
      const first = convolutionBlock(from, count, { ...options, stride: index === 0 ? 1 : 2 });
      return new Sequential([first, convolutionBlock(count, count, options)]);
    });
    const headChannels = spec.headChannels ?? width;
    this.laterals = channels.slice(level).map((count) => new Conv2d(count, headChannels, 1, { initialization }));
    this.heat = head(headChannels, classes, options, HEAT_START);
    this.sides = head(headChannels, 4, options);
    this.#classes = classes;
    this.#stride = stride;
    const { scoreThreshold = 0.3, overlapThreshold = 0.5, maximumBoxes = 100 } = spec;
    this.#decoding = { scoreThreshold, overlapThreshold, maximumBoxes };
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const outputs: Tensor[] = [];
    let value = x;
    this.levels.forEach((level, index) => {
      value = trace.run(`levels.${index}`, level, value);
      outputs.push(value);
    });
    // From the deepest level up: each is enlarged and added to the one above (Lin et al. 2017, feature pyramids).
    const kept = outputs.slice(-this.laterals.length);
    let merged: Tensor | undefined;
    for (let index = kept.length - 1; index >= 0; index--) {
      const lateral = trace.run(`laterals.${index}`, this.laterals[index] as Module, kept[index] as Tensor);
      merged = merged ? add(trace.run(`enlarge.${index}`, ENLARGE, merged), lateral) : lateral;
    }
    const features = merged as Tensor;
    const heat = trace.run('heat', this.heat, features);
    const sides = trace.run('sides', this.sides, features);
    if (!trace.training) trace.emit('detections', this.#decode(heat, sides));
    return trace.graph.apply('Concat', [heat, sides], { axis: 1 });
  }

  #decode(heat: Tensor, sides: Tensor): Tensor {
    const { graph } = heat;
    const corners = decodeCorners(graph.apply('Softplus', [sides]), this.#stride);
    const [batch, , cells] = corners.shape;
    const shape = [batch ?? 'batch', this.#classes, cells ?? 1];
    const scores = graph.apply('Reshape', [sigmoid(heat)], { shape });
    return graph.apply('SelectBoxes', [corners, scores], this.#decoding);
  }
}

const ENLARGE = new Upsample(2);

function head(
  channels: number,
  outputs: number,
  options: { readonly normalization: ImageNorm; readonly initialization: Initialization },
  biasStart?: number,
): Module {
  const { initialization } = options;
  const last = new Conv2d(channels, outputs, 1, { initialization, ...(biasStart === undefined ? {} : { biasStart }) });
  return new Sequential([convolutionBlock(channels, channels, options), last]);
}

export function detector(
  spec: DetectorSpec & { readonly initialization?: Initialization },
  input: InputSignature,
  output: OutputSignature,
): CompilableModel {
  if (input.kind !== 'image') throw new GraphError('unsupported', `A detector takes images, not ${input.kind}.`);
  if (output.kind !== 'detection') {
    throw new GraphError('unsupported', `A detector yields boxes (detection), not ${output.kind}.`);
  }
  const { channels, height, width } = input;
  const factor = 2 ** (spec.channels.length - 1);
  if (height % factor !== 0 || width % factor !== 0) {
    throw new GraphError(
      'shape-mismatch',
      `A detector of ${spec.channels.length} levels halves the image ${spec.channels.length - 1} times: ${height} x ` +
        `${width} pixels are no multiples of ${factor}. Resize the images or take fewer levels.`,
    );
  }
  const initialization = spec.initialization ?? 'pytorch';
  const module = new Detector(spec, { inChannels: channels, classes: output.classes, initialization });
  return { module, inputShape: [channels, height, width] };
}
