import { elementCount, normalizeAxis, staticSize } from '../dimension.ts';
import { add, multiply, reshape, sumTo } from '../expression.ts';
import type { Lowering } from '../lowering/lowering.ts';
import { float, orStandard } from '../lowering/lowering.ts';
import type { LoweringRule, OperatorTable } from '../operator.ts';
import type { Tensor } from '../tensor.ts';
import * as native from './native.ts';
import { batchNormGradientBlocked, batchNormTrainBlocked } from './normalization-blocked.ts';
import { sumOverLeading } from './row-sum.ts';
import { inputOf, need, numberOf, outputOf } from './rule-inputs.ts';

/** Axes over which batch statistics are taken: all but the channels. */
const statisticsAxes = (x: Tensor): readonly number[] => x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);

/** [C] → [1, C, 1, 1] or [1, C]. */
const perChannelSizes = (x: Tensor): readonly number[] => x.shape.map((size, axis) => (axis === 1 ? Number(size) : 1));

/** The mean per channel, kept broadcastable; pixels first, then images, which keeps float32 sums short. */
function channelMean(lowering: Lowering, x: Tensor, name: string): string {
  const images = x.shape.length === 4 ? lowering.emit('GlobalAveragePool', [name]) : name;
  return lowering.emit('ReduceMean', [images, lowering.int64s([0])], { keepdims: 1 });
}

const batchNormTrain: LoweringRule = (lowering, node) => {
  const [x, weight, bias] = [inputOf(node, 0), inputOf(node, 1), inputOf(node, 2)];
  const sizes = perChannelSizes(x);
  const channels = staticSize(x.shape[1]);
  const name = lowering.plain(x);
  const mean = channelMean(lowering, x, name);
  const centred = lowering.emit('Sub', [name, mean]);
  const variance = channelMean(lowering, x, lowering.emit('Mul', [centred, centred]));
  const shifted = lowering.emit('Add', [variance, lowering.scalar(numberOf(node.attributes, 'epsilon'))]);
  const inverse = lowering.emit('Reciprocal', [lowering.emit('Sqrt', [shifted])]);
  const factor = lowering.emit('Mul', [inverse, lowering.reshape(lowering.plain(weight), sizes)]);
  const scaled = lowering.emit('Mul', [centred, factor]);
  let y = lowering.emit('Add', [scaled, lowering.reshape(lowering.plain(bias), sizes)]);
  const residual = node.inputs[3];
  if (residual) y = lowering.emit('Add', [y, lowering.plain(residual)]);
  if (node.attributes.activation === 'Relu') y = lowering.emit('Relu', [y]);
  lowering.define(outputOf(node), y);
  lowering.define(outputOf(node, 4), centred);
  [mean, variance, inverse].forEach((value, index) => {
    lowering.define(outputOf(node, index + 1), lowering.reshape(value, [channels]));
  });
};

/** Inputs g, x − mean, weight, inverse standard deviation, mean → gradients of x, weight, bias. */
const batchNormGradient: LoweringRule = (lowering, node) => {
  const [g, x, weight, inverse] = node.inputs.map(need) as [Tensor, Tensor, Tensor, Tensor];
  const sizes = perChannelSizes(x);
  const channels = staticSize(x.shape[1]);
  const wide = (tensor: Tensor): string => lowering.reshape(lowering.plain(tensor), sizes);
  const gradient = lowering.plain(g);
  const scale = wide(inverse);
  const normal = lowering.emit('Mul', [lowering.plain(x), scale]);
  const biasMean = channelMean(lowering, g, gradient);
  const weightMean = channelMean(lowering, g, lowering.emit('Mul', [gradient, normal]));
  // dx = w·inverse·(g − mean(g) − normal·mean(g·normal))
  const rest = lowering.emit('Sub', [
    lowering.emit('Sub', [gradient, biasMean]),
    lowering.emit('Mul', [normal, weightMean]),
  ]);
  lowering.define(outputOf(node), lowering.emit('Mul', [rest, lowering.emit('Mul', [scale, wide(weight)])]));
  const shape = lowering.emit('Shape', [gradient]);
  const sizesAlong = lowering.emit('Gather', [shape, lowering.int64s(statisticsAxes(x))]);
  const count = lowering.emit('Cast', [lowering.emit('ReduceProd', [sizesAlong], { keepdims: 0 })], { to: 1 });
  [weightMean, biasMean].forEach((value, index) => {
    const sum = lowering.emit('Mul', [lowering.reshape(value, [channels]), count]);
    lowering.define(outputOf(node, index + 1), sum);
  });
};

/**
 * With c = x − mean and d = 1 / deviation: dx = d·(g·w − mean(g·w) − c·d²·mean(g·w·c)), where both means are products of
 * rows with w / n, and the weight's gradient is one of d with g·c: seven passes over the rows.
 */
const layerNormGradient: LoweringRule = (lowering, node) => {
  const [g, x, weight, mean, inverse] = node.inputs.slice(0, 5).map(need) as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const axis = normalizeAxis(numberOf(node.attributes, 'axis'), x.shape.length);
  const sizes = weight.shape.map(Number);
  const width = elementCount(sizes);
  const value = (operator: string, ...inputs: string[]): string => lowering.emit(operator, inputs);
  const gain = lowering.plain(weight);
  const gradient = lowering.plain(g);
  const centred = value('Sub', lowering.plain(x), lowering.plain(mean));
  const deviation = lowering.plain(inverse);
  const product = value('Mul', gradient, centred);
  const share = value('Div', lowering.reshape(gain, [width, 1]), lowering.scalar(width));
  const statistic = inverse.shape.filter((size) => typeof size === 'string').length > 1 ? undefined : inverse.shape;
  const average = (name: string): string => {
    const rows = value('MatMul', lowering.reshape(name, [-1, width]), share);
    if (statistic === undefined) return value('Reshape', rows, value('Shape', deviation));
    return lowering.reshape(
      rows,
      statistic.map((size) => (typeof size === 'number' ? size : -1)),
    );
  };
  const slope = value('Mul', average(product), value('Mul', deviation, deviation));
  const rest = value('Sub', value('Mul', gradient, gain), average(gradient));
  const dx = value('Mul', value('Sub', rest, value('Mul', centred, slope)), deviation);
  const residual = node.inputs[5];
  lowering.define(outputOf(node), residual ? value('Add', dx, lowering.plain(residual)) : dx);
  const weightGradient = value('MatMul', lowering.reshape(deviation, [1, -1]), lowering.reshape(product, [-1, width]));
  lowering.define(outputOf(node, 1), lowering.reshape(weightGradient, sizes));
  lowering.define(outputOf(node, 2), sumOverLeading(lowering, gradient, x.shape, axis));
};

const batchNormTrainCpu = orStandard(batchNormTrainBlocked, batchNormTrain);
const batchNormGradientCpu = orStandard(batchNormGradientBlocked, batchNormGradient);

export const normalizationOperators: OperatorTable = {
  /**
   * Inputs x, weight [C], bias [C] → y, batch mean [C], biased variance [C], inverse standard deviation [C], x − mean. A
   * fourth input and the attribute `activation` are set by fusion only.
   */
  BatchNormTrain: {
    inferTypes: (inputs) => {
      const x = need(inputs[0]);
      const statistic = { dtype: x.dtype, shape: [need(x.shape[1])] };
      const image = { dtype: x.dtype, shape: x.shape };
      return [image, statistic, statistic, statistic, image];
    },
    lower: {
      standard: batchNormTrain,
      cpu: batchNormTrainCpu,
      native: orStandard(native.batchNormTrain, batchNormTrainCpu),
    },
    gradient: ({ node, gradients }) => {
      const inputs = [gradients[0], outputOf(node, 4), inputOf(node, 1), outputOf(node, 3), outputOf(node, 1)];
      return outputOf(node).graph.applyAll('BatchNormGradient', inputs);
    },
  },
  BatchNormGradient: {
    inferTypes: (inputs) => {
      const [x, weight] = [need(inputs[1]), need(inputs[2])];
      const parameter = { dtype: x.dtype, shape: weight.shape };
      return [{ dtype: x.dtype, shape: x.shape }, parameter, parameter];
    },
    lower: {
      standard: batchNormGradient,
      cpu: batchNormGradientCpu,
      native: orStandard(native.batchNormGradient, batchNormGradientCpu),
    },
  },
  /** Inputs x, weight, bias, running mean, running variance. */
  BatchNormEvaluation: {
    inferTypes: (inputs) => [{ dtype: need(inputs[0]).dtype, shape: need(inputs[0]).shape }],
    lower: {
      standard: (lowering, node) => {
        const names = node.inputs.map((input) => lowering.plain(need(input)));
        const attributes = { epsilon: float(numberOf(node.attributes, 'epsilon')) };
        lowering.define(outputOf(node), lowering.emit('BatchNormalization', names, attributes));
      },
    },
    gradient: ({ node, gradients, needs }) => {
      const [x, weight, mean, variance] = [inputOf(node, 0), inputOf(node, 1), inputOf(node, 3), inputOf(node, 4)];
      const g = need(gradients[0]);
      const epsilon = g.graph.scalar(numberOf(node.attributes, 'epsilon'));
      const inverse = g.graph.apply('Reciprocal', [g.graph.apply('Sqrt', [add(variance, epsilon)])]);
      const wide = (tensor: Tensor): Tensor => reshape(tensor, perChannelSizes(x));
      const normal = (): Tensor => multiply(g.graph.apply('Sub', [x, wide(mean)]), wide(inverse));
      const perChannel = (tensor: Tensor): Tensor => reshape(sumTo(tensor, perChannelSizes(x)), weight.shape);
      return [
        needs[0] ? multiply(g, wide(multiply(weight, inverse))) : undefined,
        needs[1] ? perChannel(multiply(g, normal())) : undefined,
        needs[2] ? perChannel(g) : undefined,
        undefined,
        undefined,
      ];
    },
  },
  Reciprocal: {
    inferTypes: (inputs) => [{ dtype: need(inputs[0]).dtype, shape: need(inputs[0]).shape }],
    lower: {
      standard: (lowering, node) => {
        lowering.define(outputOf(node), lowering.emit('Reciprocal', [lowering.plain(inputOf(node, 0))]));
      },
    },
    gradient: ({ node, gradients }) => {
      const y = outputOf(node);
      return [y.graph.apply('Neg', [multiply(need(gradients[0]), multiply(y, y))])];
    },
  },
  /** Inputs x, weight, bias over the axes from `axis` on → y, mean, inverse standard deviation. */
  LayerNorm: {
    inferTypes: (inputs, attributes) => {
      const x = need(inputs[0]);
      const axis = normalizeAxis(numberOf(attributes, 'axis'), x.shape.length);
      const statistic = { dtype: x.dtype, shape: x.shape.map((size, index) => (index >= axis ? 1 : size)) };
      return [{ dtype: x.dtype, shape: x.shape }, statistic, statistic];
    },
    lower: {
      standard: (lowering, node) => {
        const wantsStatistics = lowering.readerCount(outputOf(node, 1)) > 0;
        const names = lowering.emitAll(
          'LayerNormalization',
          node.inputs.map((input) => lowering.plain(need(input))),
          { axis: numberOf(node.attributes, 'axis'), epsilon: float(numberOf(node.attributes, 'epsilon')) },
          { outputs: wantsStatistics ? 3 : 1 },
        );
        names.forEach((name, index) => {
          lowering.define(outputOf(node, index), name);
        });
      },
    },
    gradient: ({ node, gradients }) => {
      const inputs = [gradients[0], inputOf(node, 0), inputOf(node, 1), outputOf(node, 1), outputOf(node, 2)];
      return outputOf(node).graph.applyAll('LayerNormGradient', inputs, node.attributes);
    },
    flops: (node) => 5 * elementCount(outputOf(node).shape),
  },
  LayerNormGradient: {
    inferTypes: (inputs) => {
      const [x, weight] = [need(inputs[1]), need(inputs[2])];
      const parameter = { dtype: x.dtype, shape: weight.shape };
      return [{ dtype: x.dtype, shape: x.shape }, parameter, parameter];
    },
    lower: { standard: layerNormGradient, native: orStandard(native.layerNormGradient, layerNormGradient) },
  },
};
