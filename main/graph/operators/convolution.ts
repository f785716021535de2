import { elementCount, staticSize } from '../dimension.ts';
import { GraphError } from '../graph-error.ts';
import type { Lowering } from '../lowering/lowering.ts';
import { orStandard } from '../lowering/lowering.ts';
import type { LoweringRule, OperatorTable } from '../operator.ts';
import type { Attributes, Node, Tensor } from '../tensor.ts';
import { convolutionBlocked, inputGradientBlocked } from './convolution-blocked.ts';
import { convolutionWeightGradient } from './native.ts';
import { inputOf, integersOf, need, numberOf, outputOf } from './rule-inputs.ts';
import { weightGradientBlocked } from './weight-gradient-blocked.ts';
import type { Window } from './window.ts';
import { onnxWindow, windowOf, windowOutput } from './window.ts';

const convolutionStandard: LoweringRule = (lowering, node) => {
  const names = node.inputs.slice(0, 3).map((input) => (input ? lowering.plain(input) : undefined));
  const attributes = { ...onnxWindow(windowOf(node.attributes)), group: numberOf(node.attributes, 'groups') };
  let y = lowering.emit('Conv', names, attributes);
  const residual = node.inputs[3];
  if (residual) y = lowering.emit('Add', [y, lowering.plain(residual)]);
  if (node.attributes.activation === 'Relu') y = lowering.emit('Relu', [y]);
  lowering.define(outputOf(node), y);
};

/** Input gradients and transposed convolutions; the inputs are those of `inputGradientBlocked`. */
const inputGradientStandard: LoweringRule = (lowering, node) => {
  const [g, weight] = [inputOf(node, 0), inputOf(node, 1)];
  const [, , bias, residual, shortcut] = node.inputs;
  const window = windowOf(node.attributes);
  const groups = numberOf(node.attributes, 'groups');
  let dx = transposed(lowering, node, [g, weight, bias], { window, groups });
  if (residual) dx = lowering.emit('Add', [dx, lowering.plain(residual)]);
  if (shortcut) {
    const pointwise: Window = { kernel: [1, 1], strides: window.strides, pads: [0, 0, 0, 0], dilations: [1, 1] };
    const side = transposed(lowering, node, [shortcut, inputOf(node, 5)], { window: pointwise, groups: 1 });
    dx = lowering.emit('Add', [dx, side]);
  }
  lowering.define(outputOf(node), dx);
};

/** At stride 1 a convolution with the flipped kernel, otherwise ONNX's ConvTranspose. */
function transposed(
  lowering: Lowering,
  node: Node,
  [g, weight, bias]: readonly [Tensor, Tensor, Tensor?],
  { window, groups }: { readonly window: Window; readonly groups: number },
): string {
  const [kernel, dilations] = [window.kernel, window.dilations];
  const reach = [dilations[0] * (kernel[0] - 1), dilations[1] * (kernel[1] - 1)] as const;
  const full = window.pads.map((pad, side) => reach[(side % 2) as 0 | 1] - pad);
  const offset = bias && lowering.plain(bias);
  if (groups === 1 && window.strides.every((stride) => stride === 1) && full.every((pad) => pad >= 0)) {
    const attributes = { kernel_shape: kernel, pads: full, dilations, strides: [1, 1], group: 1 };
    return lowering.emit('Conv', [lowering.plain(g), flippedKernel(lowering, weight), offset], attributes);
  }
  const extra = ([0, 1] as const).map((axis) => {
    const covered =
      (staticSize(g.shape[axis + 2]) - 1) * window.strides[axis] +
      reach[axis] +
      1 -
      window.pads[axis] -
      window.pads[(axis + 2) as 2 | 3];
    return staticSize(outputOf(node).shape[axis + 2]) - covered;
  });
  const attributes = { ...onnxWindow(window), group: groups, output_padding: extra };
  return lowering.emit('ConvTranspose', [lowering.plain(g), lowering.plain(weight), offset], attributes);
}

/** [O, I, kh, kw] → [I, O, kh, kw], rotated by half a turn. */
function flippedKernel(lowering: Lowering, weight: Tensor): string {
  const [outputs, inputs, height, width] = weight.shape.map(Number) as [number, number, number, number];
  const taps = height * width;
  let name = lowering.plain(weight);
  if (taps > 1) {
    const reversed = Array.from({ length: taps }, (_, index) => taps - 1 - index);
    name = lowering.emit('Gather', [lowering.reshape(name, [outputs, inputs, taps]), lowering.int64s(reversed)], {
      axis: 2,
    });
    name = lowering.reshape(name, [outputs, inputs, height, width]);
  }
  return lowering.transpose(name, [1, 0, 2, 3]);
}

/** im2col by a depthwise convolution with one-hot kernels, then one matrix product per image, summed over images. */
const weightGradientStandard: LoweringRule = (lowering, node) => {
  const [x, g] = [inputOf(node, 0), inputOf(node, 1)];
  const window = windowOf(node.attributes);
  const groups = numberOf(node.attributes, 'groups');
  const [outputs, perGroup, kh, kw] = outputOf(node).shape.map(Number) as [number, number, number, number];
  const pixels = staticSize(g.shape[2]) * staticSize(g.shape[3]);
  const columns = imageColumns(lowering, lowering.plain(x), groups * perGroup, window);
  const rows = lowering.reshape(lowering.plain(g), [-1, groups, outputs / groups, pixels]);
  const turned = lowering.transpose(lowering.reshape(columns, [-1, groups, perGroup * kh * kw, pixels]), [0, 1, 3, 2]);
  const perImage = lowering.emit('MatMul', [rows, turned]);
  const sum = lowering.reduceSum(perImage, [0], false);
  lowering.define(outputOf(node), lowering.reshape(sum, [outputs, perGroup, kh, kw]));
};

/** [N, C, H, W] → [N, C·kh·kw, H', W']. */
export function imageColumns(lowering: Lowering, x: string, channels: number, window: Window): string {
  const [kh, kw] = window.kernel;
  const taps = kh * kw;
  if (taps === 1 && window.strides.every((s) => s === 1) && window.pads.every((p) => p === 0)) return x;
  const oneHot = new Float32Array(channels * taps * taps);
  for (let row = 0; row < channels * taps; row++) oneHot[row * taps + (row % taps)] = 1;
  const kernel = lowering.memo(`one-hot:${channels}:${kh}x${kw}`, () =>
    lowering.constant('float32', [channels * taps, 1, kh, kw], oneHot),
  );
  return lowering.emit('Conv', [x, kernel], { ...onnxWindow(window), group: channels });
}

/** The attributes of the convolution that a gradient is of. */
function convolutionOf({ attributes }: Node): Attributes {
  const { inputShape: _, weightShape: __, ...convolution } = attributes;
  return convolution;
}

const weightGradientCpu = orStandard(weightGradientBlocked, weightGradientStandard);

export const convolutionOperators: OperatorTable = {
  /**
   * Inputs: x [N, C, H, W], weight [O, C / groups, kh, kw], bias [O]?, residual [N, O, H', W']? (set by fusion only).
   * The attribute `activation` is also set by fusion only.
   */
  Conv: {
    inferTypes: (inputs, attributes) => {
      const [x, weight] = [need(inputs[0]), need(inputs[1])];
      const groups = numberOf(attributes, 'groups');
      if (x.shape.length !== 4 || staticSize(x.shape[1]) !== staticSize(weight.shape[1]) * groups) {
        throw new GraphError('shape-mismatch', `A kernel [${weight.shape}] does not fit an image [${x.shape}].`);
      }
      return [
        {
          dtype: x.dtype,
          shape: [need(x.shape[0]), need(weight.shape[0]), ...windowOutput(x.shape, windowOf(attributes))],
        },
      ];
    },
    lower: {
      standard: convolutionStandard,
      cpu: orStandard(convolutionBlocked, convolutionStandard),
    },
    gradient: ({ node, gradients, needs }) => {
      const [x, weight, g] = [inputOf(node, 0), inputOf(node, 1), need(gradients[0])];
      const shapes = { inputShape: x.shape, weightShape: weight.shape };
      const apply = (operator: string, a: typeof x, b: typeof x): typeof x =>
        g.graph.apply(operator, [a, b], { ...node.attributes, ...shapes });
      return [
        needs[0] ? apply('ConvInputGradient', g, weight) : undefined,
        needs[1] ? apply('ConvWeightGradient', x, g) : undefined,
        node.inputs[2] && needs[2] ? g.graph.apply('ChannelSum', [g]) : undefined,
      ];
    },
    flops: (node) => 2 * elementCount(outputOf(node).shape) * elementCount(inputOf(node, 1).shape.slice(1)),
  },
  /**
   * Inputs: x [N, C, H, W], weight [C, O / groups, kh, kw], bias [O]?. The adjoint of `Conv`, so each is the other's
   * gradient. `outputPadding` adds rows and columns at the end, where a stride leaves several sizes possible.
   */
  ConvTranspose: {
    inferTypes: (inputs, attributes) => {
      const [x, weight] = [need(inputs[0]), need(inputs[1])];
      const groups = numberOf(attributes, 'groups');
      if (x.shape.length !== 4 || x.shape[1] !== weight.shape[0]) {
        throw new GraphError('shape-mismatch', `A kernel [${weight.shape}] does not fit an image [${x.shape}].`);
      }
      const window = windowOf(attributes);
      const padding = integersOf(attributes, 'outputPadding');
      const sizes = ([0, 1] as const).map(
        (axis) =>
          (staticSize(x.shape[axis + 2]) - 1) * window.strides[axis] +
          window.dilations[axis] * (window.kernel[axis] - 1) +
          1 -
          window.pads[axis] -
          window.pads[(axis + 2) as 2 | 3] +
          (padding[axis] ?? 0),
      );
      if (sizes.some((size) => size < 1)) {
        throw new GraphError('shape-mismatch', `Nothing of [${x.shape}] is left by a padding of ${window.pads}.`);
      }
      return [{ dtype: x.dtype, shape: [need(x.shape[0]), staticSize(weight.shape[1]) * groups, ...sizes] }];
    },
    lower: {
      standard: inputGradientStandard,
      cpu: orStandard(inputGradientBlocked, inputGradientStandard),
    },
    gradient: ({ node, gradients, needs }) => {
      const [x, weight, g] = [inputOf(node, 0), inputOf(node, 1), need(gradients[0])];
      const attributes = { ...node.attributes, inputShape: g.shape, weightShape: weight.shape };
      return [
        needs[0] ? g.graph.apply('Conv', [g, weight], node.attributes) : undefined,
        needs[1] ? g.graph.apply('ConvWeightGradient', [g, x], attributes) : undefined,
        node.inputs[2] && needs[2] ? g.graph.apply('ChannelSum', [g]) : undefined,
      ];
    },
    flops: (node) => 2 * elementCount(inputOf(node, 0).shape) * elementCount(inputOf(node, 1).shape.slice(1)),
  },
  /** Inputs: g, weight; by fusion also what is added to the result, see `inputGradientBlocked`. */
  ConvInputGradient: {
    inferTypes: (inputs, attributes) => [
      { dtype: need(inputs[0]).dtype, shape: attributes.inputShape as readonly (number | string)[] },
    ],
    lower: {
      standard: inputGradientStandard,
      cpu: orStandard(inputGradientBlocked, inputGradientStandard),
    },
    gradient: ({ node, gradients, needs }) => {
      const [g, weight, dx] = [inputOf(node, 0), inputOf(node, 1), need(gradients[0])];
      return [
        needs[0] ? dx.graph.apply('Conv', [dx, weight], convolutionOf(node)) : undefined,
        needs[1] ? dx.graph.apply('ConvWeightGradient', [dx, g], node.attributes) : undefined,
      ];
    },
    flops: (node) => 2 * elementCount(inputOf(node, 0).shape) * elementCount(inputOf(node, 1).shape.slice(1)),
  },
  ConvWeightGradient: {
    inferTypes: (inputs, attributes) => [
      { dtype: need(inputs[0]).dtype, shape: attributes.weightShape as readonly (number | string)[] },
    ],
    lower: {
      standard: weightGradientStandard,
      cpu: weightGradientCpu,
      native: orStandard(convolutionWeightGradient, weightGradientCpu),
    },
    gradient: ({ node, gradients, needs }) => {
      const [x, g, dw] = [inputOf(node, 0), inputOf(node, 1), need(gradients[0])];
      return [
        needs[0] ? dw.graph.apply('ConvInputGradient', [g, dw], node.attributes) : undefined,
        needs[1] ? dw.graph.apply('Conv', [x, dw], convolutionOf(node)) : undefined,
      ];
    },
    flops: (node) => 2 * elementCount(inputOf(node, 1).shape) * elementCount(outputOf(node).shape.slice(1)),
  },
  /**
   * [N, C, ...] → [C]. In two stages, because one sum over images and pixels loses precision (1.7e-4 measured), while
   * the mean per image is summed in wide lanes.
   */
  ChannelSum: {
    inferTypes: (inputs) => {
      const x = need(inputs[0]);
      return [{ dtype: x.dtype, shape: [need(x.shape[1])] }];
    },
    lower: {
      standard: (lowering, node) => {
        const x = inputOf(node, 0);
        if (x.shape.length === 2) {
          lowering.define(outputOf(node), lowering.reduceSum(lowering.plain(x), [0], false));
          return;
        }
        const perImage = lowering.reduceSum(lowering.plain(x), x.shape.map((_, axis) => axis).slice(2), false);
        lowering.define(outputOf(node), lowering.reduceSum(perImage, [0], false));
      },
      cpu: (lowering, node) => {
        const x = inputOf(node, 0);
        if (!lowering.isBlocked(x)) {
          const pixels = x.shape.slice(2);
          let sum = lowering.plain(x);
          if (pixels.length > 0)
            sum = lowering.reduceSum(
              sum,
              pixels.map((_, axis) => axis + 2),
              false,
            );
          lowering.define(outputOf(node), lowering.reduceSum(sum, [0], false));
          return;
        }
        const mean = lowering.emitBlocked('GlobalAveragePool', [lowering.blocked(x)]);
        const sum = lowering.reduceSum(lowering.reshape(mean, [-1, Number(x.shape[1])]), [0], false);
        const pixels = lowering.scalar(staticSize(x.shape[2]) * staticSize(x.shape[3]));
        lowering.define(outputOf(node), lowering.emit('Mul', [sum, pixels]));
      },
    },
  },
};
