import { multiply, scale } from '../expression.ts';
import type { Lowering } from '../lowering/lowering.ts';
import { float } from '../lowering/lowering.ts';
import type { Operator, OperatorTable } from '../operator.ts';
import type { Tensor } from '../tensor.ts';
import { elementwise, sameAsFirst } from './elementwise.ts';
import { inputOf, need, numberOf, outputOf } from './rule-inputs.ts';

/** A power of two, so that a threshold times it is exact: no value next to the threshold falls on the wrong side. */
const STEEP = 2 ** 100;

/** 1 where x > threshold (or, falling, x < threshold), 0 elsewhere: a clamped line, which is one fused pass. */
const step = (lowering: Lowering, x: string, threshold: number, rising = true): string => {
  const slope = rising ? STEEP : -STEEP;
  return lowering.emit('HardSigmoid', [x], { alpha: float(slope), beta: float(-slope * threshold) });
};

/** Backward-only: inputs are the gradient and the activation's output. */
const fromOutput = (
  slope: (lowering: Lowering, y: string, attributes: Parameters<typeof numberOf>[0]) => string,
): Operator => ({
  inferTypes: sameAsFirst,
  lower: {
    standard: (lowering, node) => {
      const { layout, names } = lowering.aligned(node);
      const factor = slope(lowering, need(names[1]), node.attributes);
      lowering.define(outputOf(node), lowering.emit('Mul', [names[0], factor]), layout);
    },
  },
});

const insideRange = (g: Tensor, y: Tensor, minimum: number, maximum: number): Tensor =>
  g.graph.apply('InsideRange', [g, y], { minimum, maximum });

/** Piecewise activations; at the corners their slopes are PyTorch's. */
export const activationOperators: OperatorTable = {
  /** x held between `minimum` and `maximum`. */
  Clip: {
    inferTypes: sameAsFirst,
    lower: {
      standard: (lowering, node) => {
        const { layout, names } = lowering.aligned(node);
        const bounds = [numberOf(node.attributes, 'minimum'), numberOf(node.attributes, 'maximum')];
        const inputs = [names[0], ...bounds.map((bound) => lowering.scalar(bound))];
        lowering.define(outputOf(node), lowering.emit('Clip', inputs), layout);
      },
    },
    gradient: ({ node, gradients }) => {
      const { minimum, maximum } = node.attributes;
      return [insideRange(need(gradients[0]), outputOf(node), Number(minimum), Number(maximum))];
    },
  },
  /** The gradient where the output lies strictly between the bounds. */
  InsideRange: fromOutput((lowering, y, attributes) =>
    lowering.emit('Mul', [
      step(lowering, y, numberOf(attributes, 'minimum')),
      step(lowering, y, numberOf(attributes, 'maximum'), false),
    ]),
  ),
  /** min(max(x / 6 + 1 / 2, 0), 1). */
  HardSigmoid: {
    inferTypes: sameAsFirst,
    lower: { standard: elementwise('HardSigmoid', { alpha: float(1 / 6), beta: float(0.5) }) },
    gradient: ({ node, gradients }) => [scale(insideRange(need(gradients[0]), outputOf(node), 0, 1), 1 / 6)],
  },
  /** x·hardSigmoid(x) (Howard et al. 2019). */
  HardSwish: {
    inferTypes: sameAsFirst,
    lower: {
      standard: (lowering, node) => {
        const { layout, names } = lowering.aligned(node);
        const gate = lowering.emit('HardSigmoid', [names[0]], { alpha: float(1 / 6), beta: float(0.5) });
        lowering.define(outputOf(node), lowering.emit('Mul', [names[0], gate]), layout);
      },
    },
    gradient: ({ node, gradients }) => {
      const [x, g] = [inputOf(node, 0), need(gradients[0])];
      const gate = x.graph.apply('HardSigmoid', [x]);
      const ramp = insideRange(scale(x, 1 / 6), gate, 0, 1);
      return [multiply(g, x.graph.apply('Add', [gate, ramp]))];
    },
  },
  /** x, or `slope`·x below zero. */
  LeakyRelu: {
    inferTypes: sameAsFirst,
    lower: {
      standard: (lowering, node) => {
        const { layout, names } = lowering.aligned(node);
        const y = lowering.emit('LeakyRelu', names, { alpha: float(numberOf(node.attributes, 'slope')) });
        lowering.define(outputOf(node), y, layout);
      },
    },
    gradient: ({ node, gradients }) => [
      outputOf(node).graph.apply('LeakyReluGradient', [gradients[0], inputOf(node, 0)], node.attributes),
    ],
  },
  LeakyReluGradient: fromOutput((lowering, x, attributes) => {
    const slope = numberOf(attributes, 'slope');
    const rise = lowering.emit('Mul', [step(lowering, x, 0), lowering.scalar(1 - slope)]);
    return lowering.emit('Add', [rise, lowering.scalar(slope)]);
  }),
  /** x, or `alpha`·(eˣ − 1) below zero. */
  Elu: {
    inferTypes: sameAsFirst,
    lower: {
      standard: (lowering, node) => {
        const { layout, names } = lowering.aligned(node);
        const y = lowering.emit('Elu', names, { alpha: float(numberOf(node.attributes, 'alpha')) });
        lowering.define(outputOf(node), y, layout);
      },
    },
    gradient: ({ node, gradients }) => [
      outputOf(node).graph.apply('EluGradient', [gradients[0], outputOf(node)], node.attributes),
    ],
  },
  /** Below zero the slope is alpha·eˣ = y + alpha; above, min(y, 0) + alpha lacks 1 − alpha. */
  EluGradient: fromOutput((lowering, y, attributes) => {
    const alpha = numberOf(attributes, 'alpha');
    const negative = lowering.emit('Min', [y, lowering.scalar(0)]);
    const slope = lowering.emit('Add', [negative, lowering.scalar(alpha)]);
    if (alpha === 1) return slope;
    const rise = lowering.emit('Mul', [step(lowering, y, 0), lowering.scalar(1 - alpha)]);
    return lowering.emit('Add', [slope, rise]);
  }),
};
