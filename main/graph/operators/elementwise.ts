import type { DataType } from '../data-type.ts';
import { dataTypes } from '../data-type.ts';
import { broadcastShapes } from '../dimension.ts';
import { add, cast, divide, multiply, negate, power, scale, shift, subtract, sumTo } from '../expression.ts';
import type { EmitAttribute } from '../lowering/lowering.ts';
import { float, MICROSOFT_DOMAIN, orStandard } from '../lowering/lowering.ts';
import type { GradientRule, LoweringRule, Operator, OperatorTable, TypeRule } from '../operator.ts';
import type { Tensor } from '../tensor.ts';
import { addBias, nativeElementwise, nativeGelu, nativeGeluGradient } from './native.ts';
import { inputOf, need } from './rule-inputs.ts';
import { signWebGpu } from './webgpu.ts';

const SQRT_HALF = Math.SQRT1_2;
const LOG_INVERSE_SQRT_PI = -0.5 * Math.log(Math.PI);

export const sameAsFirst: TypeRule = (inputs) => {
  const x = need(inputs[0]);
  return [{ dtype: x.dtype, shape: x.shape }];
};

const broadcast: TypeRule = (inputs) => {
  const [left, right] = [need(inputs[0]), need(inputs[1])];
  return [{ dtype: left.dtype, shape: broadcastShapes(left.shape, right.shape) }];
};

/** One ONNX node per application, in whichever layout its inputs already lie. */
export const elementwise =
  (operator: string, attributes: Readonly<Record<string, EmitAttribute>> = {}): LoweringRule =>
  (lowering, node) => {
    const { layout, names } = lowering.aligned(node);
    lowering.define(node.outputs[0], lowering.emit(operator, names, attributes), layout);
  };

const binary = (
  operator: string,
  gradient: (call: { a: Tensor; b: Tensor; y: Tensor; g: Tensor }) => readonly [() => Tensor, () => Tensor],
): Operator => ({
  inferTypes: broadcast,
  lower: { standard: elementwise(operator) },
  gradient: ({ node, gradients, needs }) => {
    const [a, b, y, g] = [inputOf(node, 0), inputOf(node, 1), need(node.outputs[0]), need(gradients[0])];
    const [left, right] = gradient({ a, b, y, g });
    return [needs[0] ? sumTo(left(), a.shape) : undefined, needs[1] ? sumTo(right(), b.shape) : undefined];
  },
});

const unary = (
  lower: Operator['lower'],
  gradient: (call: { x: Tensor; y: Tensor; g: Tensor }) => Tensor,
): Operator => ({
  inferTypes: sameAsFirst,
  lower,
  gradient: ({ node, gradients }) => [
    gradient({ x: inputOf(node, 0), y: need(node.outputs[0]), g: need(gradients[0]) }),
  ],
});

/**
 * Backward-only helper of an activation: inputs are the gradient and what was saved.
 * @param native the addon's operator, which reads the gradient and the first of the saved tensors
 */
const saved = (native: string, standard: LoweringRule): Operator => ({
  inferTypes: sameAsFirst,
  lower: { standard, native: nativeElementwise(native, standard, 2) },
});

const withSaved =
  (operator: string) =>
  (g: Tensor, x: Tensor): Tensor =>
    g.graph.apply(operator, [g, x]);

const castGradient: GradientRule = ({ node, gradients }) => [cast(need(gradients[0]), inputOf(node, 0).dtype)];

const siluStandard: LoweringRule = (lowering, node) => {
  const { layout, names } = lowering.aligned(node);
  const gate = lowering.emit('Sigmoid', names);
  lowering.define(node.outputs[0], lowering.emit('Mul', [names[0], gate]), layout);
};

/** x·Φ(x) with Φ = ½ + ½·erf(x/√2); a clamped line is one pass where Mul and Add are two. */
const geluStandard: LoweringRule = (lowering, node) => {
  const { layout, names } = lowering.aligned(node);
  const [y, u, cumulative] = node.outputs.map(need);
  if (!y || !u || !cumulative || lowering.readerCount(u) + lowering.readerCount(cumulative) === 0) {
    lowering.define(y, lowering.emit('Gelu', names), layout);
    return;
  }
  const scaled = lowering.emit('Mul', [names[0], lowering.scalar(SQRT_HALF)]);
  const half = { alpha: float(0.5), beta: float(0.5) };
  const distribution = lowering.emit('HardSigmoid', [lowering.emit('Erf', [scaled])], half);
  lowering.define(y, lowering.emit('Mul', [names[0], distribution]), layout);
  lowering.define(u, scaled, layout);
  lowering.define(cumulative, distribution, layout);
};

const geluGradientStandard: LoweringRule = (lowering, node) => {
  const { layout, names } = lowering.aligned(node);
  const [g, u, cumulative] = names;
  const value = (operator: string, ...inputs: (string | undefined)[]): string => lowering.emit(operator, inputs);
  const density = value('Exp', value('Sub', lowering.scalar(LOG_INVERSE_SQRT_PI), value('Mul', u, u)));
  const slope = value('Add', cumulative, value('Mul', u, density));
  lowering.define(node.outputs[0], value('Mul', g, slope), layout);
};

const addBiasStandard: LoweringRule = (lowering, node) => {
  const [a, b, bias] = node.inputs.map((input) => lowering.plain(need(input)));
  lowering.define(node.outputs[0], lowering.emit('Add', [lowering.emit('Add', [a, b]), bias]));
};

const siluCpu: LoweringRule = (lowering, node) => {
  const { layout, names } = lowering.aligned(node);
  const y = lowering.emit('QuickGelu', names, { alpha: float(1) }, { domain: MICROSOFT_DOMAIN });
  lowering.define(node.outputs[0], y, layout);
};

export const elementwiseOperators: OperatorTable = {
  Add: binary('Add', ({ g }) => [() => g, () => g]),
  /** a + b + bias over the last axis; by `moveBiases` only. */
  AddBias: {
    inferTypes: sameAsFirst,
    lower: { standard: addBiasStandard, native: orStandard(addBias, addBiasStandard) },
  },
  Sub: binary('Sub', ({ g }) => [() => g, () => negate(g)]),
  Mul: binary('Mul', ({ a, b, g }) => [() => multiply(g, b), () => multiply(g, a)]),
  Div: binary('Div', ({ b, y, g }) => [() => divide(g, b), () => negate(divide(multiply(g, y), b))]),
  Pow: binary('Pow', ({ a, b, y, g }) => [
    () => multiply(g, multiply(b, power(a, shift(b, -1)))),
    () => multiply(g, multiply(y, a.graph.apply('Log', [a]))),
  ]),
  // Only compared in optimisers and preprocessing, so no derivative is written for them.
  Min: { inferTypes: broadcast, lower: { standard: elementwise('Min') } },
  Max: { inferTypes: broadcast, lower: { standard: elementwise('Max') } },
  Neg: unary({ standard: elementwise('Neg') }, ({ g }) => negate(g)),
  Exp: unary({ standard: elementwise('Exp') }, ({ y, g }) => multiply(g, y)),
  Log: unary({ standard: elementwise('Log') }, ({ x, g }) => divide(g, x)),
  Sqrt: unary({ standard: elementwise('Sqrt') }, ({ y, g }) => scale(divide(g, y), 0.5)),
  Abs: unary({ standard: elementwise('Abs') }, ({ x, g }) => multiply(g, x.graph.apply('Sign', [x]))),
  Sign: {
    inferTypes: sameAsFirst,
    lower: {
      standard: elementwise('Sign'),
      webgpu: (lowering, node) =>
        lowering.define(node.outputs[0], signWebGpu(lowering, lowering.plain(inputOf(node, 0)))),
    },
    gradient: 'none',
  },
  Sigmoid: unary({ standard: elementwise('Sigmoid') }, ({ y, g }) => multiply(g, subtract(y, multiply(y, y)))),
  Tanh: unary({ standard: elementwise('Tanh') }, ({ y, g }) => subtract(g, multiply(g, multiply(y, y)))),
  Relu: unary({ standard: elementwise('Relu') }, ({ y, g }) => withSaved('ReluGradient')(g, y)),
  Gelu: {
    // What the derivative needs beside y is u = x/√2 and Φ(x); they are computed only if it reads them. The addon's
    // derivative needs x alone, for which both stand then.
    inferTypes: (inputs) => {
      const [type] = sameAsFirst(inputs, {});
      return type ? [type, type, type] : [];
    },
    lower: { standard: geluStandard, native: nativeGelu(geluStandard) },
    gradient: ({ node, gradients }) => {
      const [, u, cumulative] = node.outputs;
      return [need(u).graph.apply('GeluGradient', [gradients[0], u, cumulative])];
    },
  },
  Silu: unary({ standard: siluStandard, cpu: siluCpu }, ({ x, y, g }) => {
    const gate = x.graph.apply('Sigmoid', [x]);
    return multiply(g, add(gate, subtract(y, multiply(y, gate))));
  }),
  // A step as a very steep clamped line: one fused pass, eight times faster on CPU than Sign.
  ReluGradient: {
    ...saved('ReluGradient', (lowering, node) => {
      const { layout, names } = lowering.aligned(node);
      const step = lowering.emit('HardSigmoid', [names[1]], { alpha: float(1e30), beta: float(0) });
      lowering.define(node.outputs[0], lowering.emit('Mul', [names[0], step]), layout);
    }),
    // The step itself is flat but at zero.
    gradient: ({ node, gradients }) => [withSaved('ReluGradient')(need(gradients[0]), inputOf(node, 1))],
  },
  // d/dx x·Φ(x) = Φ(x) + x·φ(x) = Φ + u·exp(ln(1/√π) − u²), with the exact normal distribution as in PyTorch's default.
  GeluGradient: {
    inferTypes: sameAsFirst,
    lower: { standard: geluGradientStandard, native: nativeGeluGradient(geluGradientStandard) },
  },
  /** The tensor itself; nothing flows back through it. */
  StopGradient: { inferTypes: sameAsFirst, lower: { standard: elementwise('Identity') }, gradient: 'none' },
  Cast: {
    inferTypes: (inputs, attributes) => [{ dtype: attributes.dtype as DataType, shape: need(inputs[0]).shape }],
    lower: {
      standard: (lowering, node) => {
        const to = dataTypes[node.attributes.dtype as DataType].onnxCode;
        lowering.define(node.outputs[0], lowering.emit('Cast', [lowering.plain(inputOf(node, 0))], { to }));
      },
    },
    gradient: castGradient,
  },
};
