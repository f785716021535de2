import { sameShape, staticSize } from '../dimension.ts';
import { matmul } from '../expression.ts';
import type { Lowering } from '../lowering/lowering.ts';
import { orStandard } from '../lowering/lowering.ts';
import type { LoweringRule, OperatorTable } from '../operator.ts';
import type { Node, Tensor } from '../tensor.ts';
import { inputOf, need, numberOf, outputOf } from './rule-inputs.ts';

const nearestStandard: LoweringRule = (lowering, node) => {
  const factor = numberOf(node.attributes, 'factor');
  const scales = lowering.constant('float32', [4], Float32Array.of(1, 1, factor, factor));
  const attributes = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' };
  const y = lowering.emit('Resize', [lowering.plain(inputOf(node, 0)), undefined, scales], attributes);
  lowering.define(outputOf(node), y);
};

function nearestBlocked(lowering: Lowering, node: Node): boolean {
  const x = inputOf(node, 0);
  if (!lowering.isBlocked(x)) return false;
  const factor = numberOf(node.attributes, 'factor');
  const attributes = { scales: [1, 1, factor, factor], mode: 'nearest' };
  lowering.define(outputOf(node), lowering.emitBlocked('Upsample', [lowering.blocked(x)], attributes), 'blocked');
  return true;
}

/** The sum of every factor x factor window: a depthwise convolution of ones, in either layout. */
const windowSums: LoweringRule = (lowering, node) => {
  const g = inputOf(node, 0);
  const factor = numberOf(node.attributes, 'factor');
  const channels = staticSize(g.shape[1]);
  const blocked = lowering.isBlocked(g);
  const ones = lowering.memo(`window-ones:${channels}:${factor}`, () => {
    const values = new Float32Array(channels * factor * factor).fill(1);
    return lowering.constant('float32', [channels, 1, factor, factor], values);
  });
  const attributes = {
    kernel_shape: [factor, factor],
    strides: [factor, factor],
    pads: [0, 0, 0, 0],
    dilations: [1, 1],
    group: channels,
  };
  const y = blocked
    ? lowering.emitBlocked('Conv', [lowering.blocked(g), ones], attributes)
    : lowering.emit('Conv', [lowering.plain(g), ones], attributes);
  lowering.define(outputOf(node), y, blocked ? 'blocked' : 'plain');
};

/**
 * [to, from]: the weights of linear resampling with half-pixel centres, as ONNX's Resize and PyTorch have them. Antialiased,
 * each is a triangle as wide as what it shrinks; what it would take from outside it takes from the pixel at the edge, as
 * ONNX Runtime does.
 */
function resamplingWeights(from: number, to: number, antialias: boolean): Float32Array {
  const weights = new Float32Array(to * from);
  const reach = antialias ? Math.max(1, from / to) : 1;
  for (let row = 0; row < to; row++) {
    const centre = ((row + 0.5) * from) / to - 0.5;
    const taken: (readonly [number, number])[] = [];
    for (let place = Math.ceil(centre - reach); place <= centre + reach; place++)
      taken.push([Math.min(from - 1, Math.max(0, place)), 1 - Math.abs(place - centre) / reach]);
    const sum = taken.reduce((total, [, weight]) => total + weight, 0);
    for (const [column, weight] of taken)
      weights[row * from + column] = (weights[row * from + column] ?? 0) + weight / sum;
  }
  return weights;
}

const resizeStandard: LoweringRule = (lowering, node) => {
  const x = inputOf(node, 0);
  const y = outputOf(node);
  if (sameShape(x.shape, y.shape)) {
    lowering.define(y, lowering.plain(x));
    return;
  }
  const sizes = lowering.int64s([Number(node.attributes.height), Number(node.attributes.width)]);
  const attributes = {
    mode: 'linear',
    coordinate_transformation_mode: 'half_pixel',
    antialias: node.attributes.antialias ? 1 : 0,
    axes: [2, 3],
  };
  lowering.define(y, lowering.emit('Resize', [lowering.plain(x), undefined, undefined, sizes], attributes));
};

/** WebGPU's Resize knows no antialiasing: rows and columns separately, by the matrices of their weights. */
function resizeByMatrices(lowering: Lowering, node: Node): boolean {
  const x = inputOf(node, 0);
  const [, , height, width] = x.shape;
  if (node.attributes.antialias !== true || typeof height !== 'number' || typeof width !== 'number') return false;
  const [toHeight, toWidth] = [Number(node.attributes.height), Number(node.attributes.width)];
  const rows = lowering.constant('float32', [toHeight, height], resamplingWeights(height, toHeight, true));
  const columns = lowering.constant('float32', [toWidth, width], resamplingWeights(width, toWidth, true));
  const narrowed = lowering.emit('MatMul', [lowering.plain(x), lowering.transpose(columns, [1, 0])]);
  lowering.define(outputOf(node), lowering.emit('MatMul', [rows, narrowed]));
  return true;
}

export const upsamplingOperators: OperatorTable = {
  /** Repeats every pixel `factor` times in both directions. */
  UpsampleNearest: {
    inferTypes: (inputs, attributes) => {
      const x = need(inputs[0]);
      const factor = numberOf(attributes, 'factor');
      const [height, width] = [staticSize(x.shape[2]) * factor, staticSize(x.shape[3]) * factor];
      return [{ dtype: x.dtype, shape: [need(x.shape[0]), need(x.shape[1]), height, width] }];
    },
    lower: { standard: nearestStandard, cpu: orStandard(nearestBlocked, nearestStandard) },
    gradient: ({ node, gradients }) => [
      outputOf(node).graph.apply('UpsampleNearestGradient', [gradients[0]], node.attributes),
    ],
  },
  UpsampleNearestGradient: {
    inferTypes: (inputs, attributes) => {
      const g = need(inputs[0]);
      const factor = numberOf(attributes, 'factor');
      const [height, width] = [staticSize(g.shape[2]) / factor, staticSize(g.shape[3]) / factor];
      return [{ dtype: g.dtype, shape: [need(g.shape[0]), need(g.shape[1]), height, width] }];
    },
    lower: { standard: windowSums },
  },
  /** Linear resampling of height and width to a fixed size; with `antialias` as image libraries shrink. */
  Resize: {
    inferTypes: (inputs, attributes) => {
      const x = need(inputs[0]);
      const size = [Number(attributes.height), Number(attributes.width)];
      return [{ dtype: x.dtype, shape: [need(x.shape[0]), need(x.shape[1]), ...size] }];
    },
    lower: { standard: resizeStandard, webgpu: orStandard(resizeByMatrices, resizeStandard) },
    /** Rows and columns separately, by the transposed matrices of their weights. */
    gradient: ({ node, gradients }) => {
      const antialias = node.attributes.antialias === true;
      const [x, g] = [inputOf(node, 0), need(gradients[0])];
      const [height, width] = [staticSize(x.shape[2]), staticSize(x.shape[3])];
      const matrix = (from: number, to: number): Tensor =>
        g.graph.constant('float32', [to, from], resamplingWeights(from, to, antialias));
      const rows = matrix(height, staticSize(g.shape[2]));
      const columns = matrix(width, staticSize(g.shape[3]));
      return [matmul(g.graph.apply('Transpose', [rows], { order: [1, 0] }), matmul(g, columns))];
    },
  },
};
