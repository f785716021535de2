import { multiply, reshape, subtract } from '../expression.ts';
import { orStandard } from '../lowering/lowering.ts';
import type { LoweringRule, OperatorTable } from '../operator.ts';
import { softmaxGradient } from './native.ts';
import { inputOf, need, numberOf, outputOf } from './rule-inputs.ts';
import { correctCountWebGpu, oneHotWebGpu, softmaxCrossEntropyWebGpu } from './webgpu.ts';

const softmaxGradientStandard: LoweringRule = (lowering, node) => {
  const y = lowering.plain(inputOf(node, 1));
  const weighted = lowering.emit('Mul', [lowering.plain(inputOf(node, 0)), y]);
  const sum = lowering.reduceSum(weighted, [numberOf(node.attributes, 'axis')], true);
  lowering.define(outputOf(node), lowering.emit('Sub', [weighted, lowering.emit('Mul', [y, sum])]));
};

export const classificationOperators: OperatorTable = {
  Softmax: {
    inferTypes: (inputs) => [{ dtype: need(inputs[0]).dtype, shape: need(inputs[0]).shape }],
    lower: {
      standard: (lowering, node) => {
        const axis = numberOf(node.attributes, 'axis');
        lowering.define(outputOf(node), lowering.emit('Softmax', [lowering.plain(inputOf(node, 0))], { axis }));
      },
    },
    gradient: ({ node, gradients }) => {
      return [outputOf(node).graph.apply('SoftmaxGradient', [gradients[0], outputOf(node)], node.attributes)];
    },
  },
  /** Inputs g, y: y·(g − Σ g·y) along the axis. */
  SoftmaxGradient: {
    inferTypes: (inputs) => [{ dtype: need(inputs[1]).dtype, shape: need(inputs[1]).shape }],
    lower: { standard: softmaxGradientStandard, native: orStandard(softmaxGradient, softmaxGradientStandard) },
  },
  /** Class ids [N] (int64) → one row of zeros and a one each, [N, classes]. */
  OneHot: {
    inferTypes: (inputs, attributes) => [
      { dtype: 'float32', shape: [need(need(inputs[0]).shape[0]), numberOf(attributes, 'classes')] },
    ],
    lower: {
      standard: (lowering, node) => {
        const classes = numberOf(node.attributes, 'classes');
        const depth = lowering.constant('int64', [], BigInt64Array.of(BigInt(classes)));
        const values = lowering.constant('float32', [2], Float32Array.of(0, 1));
        const ids = lowering.plain(inputOf(node, 0));
        lowering.define(outputOf(node), lowering.emit('OneHot', [ids, depth, values], { axis: -1 }));
      },
      webgpu: (lowering, node) => {
        const classes = numberOf(node.attributes, 'classes');
        lowering.define(outputOf(node), oneHotWebGpu(lowering, inputOf(node, 0), classes, 0, 1));
      },
    },
    gradient: 'none',
  },
  /** NaN, which stands for a missing value in raw tables, becomes 0. */
  ZeroIfMissing: {
    inferTypes: (inputs) => [{ dtype: need(inputs[0]).dtype, shape: need(inputs[0]).shape }],
    lower: {
      standard: (lowering, node) => {
        const x = lowering.plain(inputOf(node, 0));
        const missing = lowering.emit('IsNaN', [x]);
        lowering.define(outputOf(node), lowering.emit('Where', [missing, lowering.scalar(0), x]));
      },
    },
    gradient: 'none',
  },
  /** Category indices [N, 1] in float32 → [N, classes]; what is no valid index becomes a row of zeros. */
  OneHotColumn: {
    inferTypes: (inputs, attributes) => [
      { dtype: 'float32', shape: [need(need(inputs[0]).shape[0]), numberOf(attributes, 'classes')] },
    ],
    lower: {
      standard: (lowering, node) => {
        const classes = numberOf(node.attributes, 'classes');
        const range = lowering.constant(
          'float32',
          [1, classes],
          Float32Array.from({ length: classes }, (_, i) => i),
        );
        const same = lowering.emit('Equal', [lowering.plain(inputOf(node, 0)), range]);
        lowering.define(outputOf(node), lowering.emit('Cast', [same], { to: 1 }));
      },
    },
    gradient: 'none',
  },
  /**
   * Inputs logits [N, K] and class ids [N]; outputs the loss per sample [N], log-probabilities [N, K] and the target
   * distribution [N, K], which label smoothing spreads as PyTorch does: (1 − s)·oneHot + s / K.
   */
  SoftmaxCrossEntropy: {
    inferTypes: (inputs) => {
      const logits = need(inputs[0]);
      const rows = { dtype: logits.dtype, shape: [need(logits.shape[0])] };
      return [rows, { dtype: logits.dtype, shape: logits.shape }, { dtype: logits.dtype, shape: logits.shape }];
    },
    lower: {
      standard: (lowering, node) => {
        const logits = inputOf(node, 0);
        const classes = Number(logits.shape[1]);
        const smoothing = numberOf(node.attributes, 'labelSmoothing');
        const [off, on] = [smoothing / classes, 1 - smoothing + smoothing / classes];
        const depth = lowering.constant('int64', [], BigInt64Array.of(BigInt(classes)));
        const values = lowering.constant('float32', [2], Float32Array.of(off, on));
        const target = lowering.emit('OneHot', [lowering.plain(inputOf(node, 1)), depth, values], { axis: -1 });
        const log = lowering.emit('LogSoftmax', [lowering.plain(logits)], { axis: 1 });
        const sum = lowering.reduceSum(lowering.emit('Mul', [log, target]), [1], false);
        lowering.define(outputOf(node), lowering.emit('Neg', [sum]));
        lowering.define(outputOf(node, 1), log);
        lowering.define(outputOf(node, 2), target);
      },
      webgpu: softmaxCrossEntropyWebGpu,
    },
    gradient: ({ node, gradients }) => {
      const g = need(gradients[0]);
      const [log, target] = [outputOf(node, 1), outputOf(node, 2)];
      const column = reshape(g, [need(g.shape[0]), 1]);
      return [multiply(subtract(g.graph.apply('Exp', [log]), target), column), undefined];
    },
  },
  /** How many rows of the logits are largest at the given class, as a float32 scalar; rows of weight 0 do not count. */
  CorrectCount: {
    inferTypes: () => [{ dtype: 'float32', shape: [] }],
    lower: {
      standard: (lowering, node) => {
        const best = lowering.emit('ArgMax', [lowering.plain(inputOf(node, 0))], { axis: 1, keepdims: 0 });
        const hit = lowering.emit('Cast', [lowering.emit('Equal', [best, lowering.plain(inputOf(node, 1))])], {
          to: 1,
        });
        const weights = node.inputs[2] && lowering.emit('Sign', [lowering.plain(node.inputs[2])]);
        const counted = weights === undefined ? hit : lowering.emit('Mul', [hit, weights]);
        lowering.define(outputOf(node), lowering.emit('ReduceSum', [counted], { keepdims: 0 }));
      },
      webgpu: correctCountWebGpu,
    },
    gradient: 'none',
  },
};
