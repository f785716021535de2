import { elementCount, staticSize } from '../dimension.ts';
import { GraphError } from '../graph-error.ts';
import type { Lowering } from '../lowering/lowering.ts';
import type { LoweringRule, OperatorTable } from '../operator.ts';
import type { Attributes, Tensor } from '../tensor.ts';
import { inputOf, need, numberOf, outputOf } from './rule-inputs.ts';

interface Sizes {
  readonly groups: number;
  readonly channels: number;
  readonly pixels: number;
}

function sizesOf(x: Tensor, attributes: Attributes): Sizes {
  const channels = staticSize(x.shape[1]);
  return { groups: numberOf(attributes, 'groups'), channels, pixels: elementCount(x.shape.slice(2)) };
}

/** The mean over each group of each image, [N, groups, 1]; pixels first, which keeps float32 sums short. */
function groupMean(lowering: Lowering, name: string, { groups, channels, pixels }: Sizes): string {
  const perChannel = lowering.emit(
    'ReduceMean',
    [lowering.reshape(name, [-1, channels, pixels]), lowering.int64s([2])],
    {
      keepdims: 0,
    },
  );
  const grouped = lowering.reshape(perChannel, [-1, groups, channels / groups]);
  return lowering.emit('ReduceMean', [grouped, lowering.int64s([2])], { keepdims: 1 });
}

const groupNorm: LoweringRule = (lowering, node) => {
  const x = inputOf(node, 0);
  const sizes = sizesOf(x, node.attributes);
  const { groups, channels, pixels } = sizes;
  const name = lowering.reshape(lowering.plain(x), [-1, groups, (channels / groups) * pixels]);
  const mean = groupMean(lowering, name, sizes);
  const centred = lowering.emit('Sub', [name, mean]);
  const variance = groupMean(lowering, lowering.emit('Mul', [centred, centred]), sizes);
  const shifted = lowering.emit('Add', [variance, lowering.scalar(numberOf(node.attributes, 'epsilon'))]);
  const inverse = lowering.emit('Reciprocal', [lowering.emit('Sqrt', [shifted])]);
  const weight = lowering.reshape(lowering.plain(inputOf(node, 1)), [groups, channels / groups]);
  const factor = lowering.reshape(lowering.emit('Mul', [inverse, weight]), [-1, channels, 1]);
  const scaled = lowering.emit('Mul', [lowering.reshape(centred, [-1, channels, pixels]), factor]);
  const bias = lowering.reshape(lowering.plain(inputOf(node, 2)), [channels, 1]);
  const y = lowering.emit('Add', [scaled, bias]);
  lowering.define(outputOf(node), lowering.reshape(y, [-1, ...x.shape.slice(1).map(Number)]));
  lowering.define(outputOf(node, 1), mean);
  lowering.define(outputOf(node, 2), inverse);
};

const groupNormGradient: LoweringRule = (lowering, node) => {
  const [g, x, weight, mean, inverse] = node.inputs.map(need) as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const sizes = sizesOf(x, node.attributes);
  const { groups, channels, pixels } = sizes;
  const inGroups = [-1, groups, (channels / groups) * pixels];
  const inChannels = [-1, channels, pixels];
  const value = (operator: string, ...names: string[]): string => lowering.emit(operator, names);
  const centred = value('Sub', lowering.reshape(lowering.plain(x), inGroups), lowering.plain(mean));
  const normal = value('Mul', centred, lowering.plain(inverse));
  const gradient = lowering.reshape(lowering.plain(g), inChannels);
  const perChannel = (name: string): string => lowering.reduceSum(lowering.reduceSum(name, [2], false), [0], false);
  const weighted = value('Mul', gradient, lowering.reshape(lowering.plain(weight), [channels, 1]));
  const inside = lowering.reshape(weighted, inGroups);
  const first = value('Sub', inside, groupMean(lowering, inside, sizes));
  const second = value('Mul', normal, groupMean(lowering, value('Mul', inside, normal), sizes));
  const dx = value('Mul', value('Sub', first, second), lowering.plain(inverse));
  lowering.define(outputOf(node), lowering.reshape(dx, [-1, ...x.shape.slice(1).map(Number)]));
  const product = value('Mul', gradient, lowering.reshape(normal, inChannels));
  lowering.define(outputOf(node, 1), perChannel(product));
  lowering.define(outputOf(node, 2), perChannel(gradient));
};

export const groupNormalizationOperators: OperatorTable = {
  /**
   * Inputs x [N, C, ...], weight [C], bias [C] → y, mean [N, groups, 1], inverse standard deviation [N, groups, 1] (Wu &
   * He 2018). With as many groups as channels it is instance normalisation.
   */
  GroupNorm: {
    inferTypes: (inputs, attributes) => {
      const x = need(inputs[0]);
      const groups = numberOf(attributes, 'groups');
      if (staticSize(x.shape[1]) % groups !== 0) {
        throw new GraphError('shape-mismatch', `The channels of [${x.shape}] do not form ${groups} groups.`);
      }
      const statistic = { dtype: x.dtype, shape: [need(x.shape[0]), groups, 1] };
      return [{ dtype: x.dtype, shape: x.shape }, statistic, statistic];
    },
    lower: { standard: groupNorm },
    gradient: ({ node, gradients }) => {
      const inputs = [gradients[0], inputOf(node, 0), inputOf(node, 1), outputOf(node, 1), outputOf(node, 2)];
      return outputOf(node).graph.applyAll('GroupNormGradient', inputs, node.attributes);
    },
  },
  GroupNormGradient: {
    inferTypes: (inputs) => {
      const [x, weight] = [need(inputs[1]), need(inputs[2])];
      const parameter = { dtype: x.dtype, shape: weight.shape };
      return [{ dtype: x.dtype, shape: x.shape }, parameter, parameter];
    },
    lower: { standard: groupNormGradient },
  },
};
