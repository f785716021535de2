import { staticSize } from '../dimension.ts';
import { broadcastLike, multiply } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import { orStandard } from '../lowering/lowering.ts';
import type { LoweringRule, OperatorTable } from '../operator.ts';
import type { Tensor } from '../tensor.ts';
import { channelScaleBlocked, pixelSumBlocked } from './channel-blocked.ts';
import { inputOf, need, outputOf } from './rule-inputs.ts';

const channelScaleStandard: LoweringRule = (lowering, node) => {
  const names = [lowering.plain(inputOf(node, 0)), lowering.plain(inputOf(node, 1))];
  lowering.define(outputOf(node), lowering.emit('Mul', names));
};

const pixelSumStandard: LoweringRule = (lowering, node) => {
  lowering.define(outputOf(node), lowering.reduceSum(lowering.plain(inputOf(node, 0)), [2, 3], true));
};

/** What attention over channels is made of. */
export const channelOperators: OperatorTable = {
  /** x [N, C, H, W] times one factor per image and channel, [N, C, 1, 1]. */
  ChannelScale: {
    inferTypes: (inputs) => {
      const [x, gate] = [need(inputs[0]), need(inputs[1])];
      if (gate.shape[1] !== x.shape[1] || gate.shape[2] !== 1 || gate.shape[3] !== 1) {
        throw new GraphError('shape-mismatch', `Factors [${gate.shape}] do not fit an image [${x.shape}].`);
      }
      return [{ dtype: x.dtype, shape: x.shape }];
    },
    lower: { standard: channelScaleStandard, cpu: orStandard(channelScaleBlocked, channelScaleStandard) },
    gradient: ({ node, gradients, needs }) => {
      const [x, gate, g] = [inputOf(node, 0), inputOf(node, 1), need(gradients[0])];
      const apply = (operator: string, ...inputs: readonly Tensor[]): Tensor => g.graph.apply(operator, inputs);
      return [
        needs[0] ? apply('ChannelScale', g, gate) : undefined,
        needs[1] ? apply('PixelSum', multiply(g, x)) : undefined,
      ];
    },
  },
  /** [N, C, H, W] → [N, C, 1, 1]. */
  PixelSum: {
    inferTypes: (inputs) => {
      const x = need(inputs[0]);
      staticSize(x.shape[2]);
      return [{ dtype: x.dtype, shape: [need(x.shape[0]), need(x.shape[1]), 1, 1] }];
    },
    lower: { standard: pixelSumStandard, cpu: orStandard(pixelSumBlocked, pixelSumStandard) },
    gradient: ({ node, gradients }) => [broadcastLike(need(gradients[0]), inputOf(node, 0))],
  },
};
