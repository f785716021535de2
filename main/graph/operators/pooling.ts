import { staticSize } from '../dimension.ts';
import { broadcastLike, scale } from '../expression.ts';
import type { Lowering } from '../lowering/lowering.ts';
import { orStandard } from '../lowering/lowering.ts';
import type { LoweringRule, OperatorTable, TypeRule } from '../operator.ts';
import type { Node } from '../tensor.ts';
import {
  averagePoolBlocked,
  averagePoolGradientBlocked,
  maxPoolBlocked,
  maxPoolGradientBlocked,
} from './pooling-blocked.ts';
import { inputOf, need, outputOf } from './rule-inputs.ts';
import { maxPoolGradientWebGpu, maxPoolWebGpu } from './webgpu.ts';
import { onnxWindow, windowOf, windowOutput } from './window.ts';

const pooledShape: TypeRule = (inputs, attributes) => {
  const x = need(inputs[0]);
  const shape = [need(x.shape[0]), need(x.shape[1]), ...windowOutput(x.shape, windowOf(attributes))];
  return [{ dtype: x.dtype, shape }];
};

const likeSecond: TypeRule = (inputs) => [{ dtype: need(inputs[0]).dtype, shape: need(inputs[1]).shape }];

const maxPoolStandard: LoweringRule = (lowering, node) => {
  const [y, indices] = [outputOf(node), outputOf(node, 1)];
  const wantsIndices = lowering.readerCount(indices) > 0;
  const x = lowering.plain(inputOf(node, 0));
  const names = lowering.emitAll('MaxPool', [x], onnxWindow(windowOf(node.attributes)), {
    outputs: wantsIndices ? 2 : 1,
  });
  lowering.define(y, need(names[0]));
  if (wantsIndices) lowering.define(indices, need(names[1]));
};

const maxPoolGradientStandard: LoweringRule = (lowering, node) => {
  const [g, x, , indices] = node.inputs.map(need) as [
    (typeof node.outputs)[0],
    (typeof node.outputs)[0],
    unknown,
    (typeof node.outputs)[0],
  ];
  const window = windowOf(node.attributes);
  const shape = lowering.emit('Shape', [lowering.plain(x)]);
  const disjoint = ([0, 1] as const).every((axis) => window.strides[axis] >= window.kernel[axis]);
  if (disjoint && window.dilations.every((d) => d === 1)) {
    // Exact and fast where no input is read by two windows. The output shape is given, so pads need no correction.
    const attributes = { kernel_shape: window.kernel, strides: window.strides, pads: window.pads };
    const names = [lowering.plain(g), lowering.plain(indices), shape];
    lowering.define(outputOf(node), lowering.emit('MaxUnpool', names, attributes));
    return;
  }
  // Overlapping windows can pick the same input twice: add. ScatterElements adds in order, so it is deterministic.
  const total = lowering.emit('ReduceProd', [shape, lowering.int64s([0])], { keepdims: 1 });
  const zeros = lowering.emit('ConstantOfShape', [total], {
    value: { kind: 'tensor', value: { name: '', dtype: 'float32', dims: [1], data: new Float32Array(1) } },
  });
  const flat = (tensor: typeof g): string => lowering.reshape(lowering.plain(tensor), [-1]);
  const attributes = { axis: 0, reduction: 'add' };
  const scattered = lowering.emit('ScatterElements', [zeros, flat(indices), flat(g)], attributes);
  lowering.define(outputOf(node), lowering.emit('Reshape', [scattered, shape]));
};

const averagePoolStandard: LoweringRule = (lowering, node) => {
  const { kernel, strides, pads } = windowOf(node.attributes);
  const attributes = { kernel_shape: kernel, strides, pads, count_include_pad: 1 };
  lowering.define(outputOf(node), lowering.emit('AveragePool', [lowering.plain(inputOf(node, 0))], attributes));
};

/** Each input pixel gathers g / window size from the windows that cover it: a depthwise transposed convolution of ones. */
const averagePoolGradientStandard: LoweringRule = (lowering, node) => {
  const [g, x] = [inputOf(node, 0), inputOf(node, 1)];
  const window = windowOf(node.attributes);
  const channels = staticSize(x.shape[1]);
  const [kh, kw] = window.kernel;
  const ones = new Float32Array(channels * kh * kw).fill(1 / (kh * kw));
  const kernel = lowering.constant('float32', [channels, 1, kh, kw], ones);
  const output_padding = ([0, 1] as const).map((axis) => {
    const pads = window.pads[axis] + window.pads[(axis + 2) as 2 | 3];
    const covered = (staticSize(g.shape[axis + 2]) - 1) * window.strides[axis] + window.kernel[axis] - pads;
    return staticSize(x.shape[axis + 2]) - covered;
  });
  const attributes = {
    kernel_shape: window.kernel,
    strides: window.strides,
    pads: window.pads,
    group: channels,
    output_padding,
  };
  lowering.define(outputOf(node), lowering.emit('ConvTranspose', [lowering.plain(g), kernel], attributes));
};

const globalPoolLowering = (lowering: Lowering, node: Node): void => {
  lowering.define(outputOf(node), lowering.emit('GlobalAveragePool', [lowering.plain(inputOf(node, 0))]));
};

export const poolingOperators: OperatorTable = {
  /** Outputs: the maxima, and their places as flat indices into the whole input. Ties go to the first, as in PyTorch. */
  MaxPool: {
    inferTypes: (inputs, attributes) => {
      const [y] = pooledShape(inputs, attributes);
      return [need(y), { dtype: 'int64', shape: need(y).shape }];
    },
    lower: { standard: maxPoolStandard, cpu: orStandard(maxPoolBlocked, maxPoolStandard), webgpu: maxPoolWebGpu },
    gradient: ({ node, gradients }) => {
      const inputs = [gradients[0], inputOf(node, 0), outputOf(node), outputOf(node, 1)];
      return [outputOf(node).graph.apply('MaxPoolGradient', inputs, node.attributes)];
    },
  },
  MaxPoolGradient: {
    inferTypes: likeSecond,
    lower: {
      standard: maxPoolGradientStandard,
      cpu: orStandard(maxPoolGradientBlocked, maxPoolGradientStandard),
      webgpu: maxPoolGradientWebGpu,
    },
  },
  AveragePool: {
    inferTypes: pooledShape,
    lower: { standard: averagePoolStandard, cpu: orStandard(averagePoolBlocked, averagePoolStandard) },
    gradient: ({ node, gradients }) => [
      outputOf(node).graph.apply('AveragePoolGradient', [gradients[0], inputOf(node, 0)], node.attributes),
    ],
  },
  AveragePoolGradient: {
    inferTypes: likeSecond,
    lower: {
      standard: averagePoolGradientStandard,
      cpu: orStandard(averagePoolGradientBlocked, averagePoolGradientStandard),
    },
  },
  /** [N, C, H, W] → [N, C, 1, 1]. */
  GlobalAveragePool: {
    inferTypes: (inputs) => {
      const x = need(inputs[0]);
      return [{ dtype: x.dtype, shape: [need(x.shape[0]), need(x.shape[1]), 1, 1] }];
    },
    lower: {
      standard: globalPoolLowering,
      cpu: (lowering, node) => {
        const x = inputOf(node, 0);
        if (!lowering.isBlocked(x)) return globalPoolLowering(lowering, node);
        lowering.define(outputOf(node), lowering.emitBlocked('GlobalAveragePool', [lowering.blocked(x)]));
      },
    },
    gradient: ({ node, gradients }) => {
      const x = inputOf(node, 0);
      const g = need(gradients[0]);
      return [broadcastLike(scale(g, 1 / (staticSize(x.shape[2]) * staticSize(x.shape[3]))), x)];
    },
  },
};
