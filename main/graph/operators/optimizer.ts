import { elementCount } from '../dimension.ts';
import type { Lowering } from '../lowering/lowering.ts';
import { orStandard } from '../lowering/lowering.ts';
import { emitScan } from '../lowering/scan.ts';
import type { LoweringRule, OperatorTable, TypeRule } from '../operator.ts';
import type { Node } from '../tensor.ts';
import { inputOf, need, numberOf, outputOf } from './rule-inputs.ts';

const likeEach =
  (count: number): TypeRule =>
  (inputs) =>
    Array.from({ length: count }, (_, index) => {
      const { dtype, shape } = need(inputs[index === 0 ? 0 : index + 1]);
      return { dtype, shape };
    });

/** p, g, M, V and the three scalars → p', M', V'. */
type AdamStep = (values: readonly (string | undefined)[]) => readonly [string, string, string];

/**
 * M' = β₁M + g, V' = β₂V + g², p' = decay·p − M' / (rate·√V' + ε'), where M = m / (1 − β₁) and V = v / (1 − β₂) are
 * rescaled moments, which saves two passes over the memory; the scalars carry the corrections.
 */
function adamStep(lowering: Lowering, attributes: Node['attributes']): AdamStep {
  const beta = (index: 1 | 2): string => lowering.scalar(numberOf(attributes, `beta${index}`));
  const value = (operator: string, ...inputs: (string | undefined)[]): string => lowering.emit(operator, inputs);
  return ([p, g, m, v, rate, epsilon, decay]) => {
    const first = value('Add', value('Mul', m, beta(1)), g);
    const second = value('Add', value('Mul', v, beta(2)), value('Mul', g, g));
    const spread = value('Add', value('Mul', value('Sqrt', second), rate), epsilon);
    return [value('Sub', value('Mul', p, decay), value('Div', first, spread)), first, second];
  };
}

function defineEach(lowering: Lowering, node: Node, names: readonly string[]): void {
  names.forEach((name, index) => {
    lowering.define(outputOf(node, index), name);
  });
}

const adamStandard: LoweringRule = (lowering, node) => {
  const names = node.inputs.map((input) => lowering.plain(need(input)));
  defineEach(lowering, node, adamStep(lowering, node.attributes)(names));
};

/** Tensors from this many numbers on are updated part by part. */
const LARGE = 2 ** 21;
/** At most so many numbers are a part: what an update reads and writes then stays in the cache. */
const PART = 2 ** 19;

/**
 * Ten passes over a tensor larger than the cache read and write memory ten times; ten passes over each of its parts
 * only once. A Scan hands its body parts without copying them.
 *
 * @returns whether the tensor is large and divides evenly
 */
function adamInParts(lowering: Lowering, node: Node): boolean {
  const count = elementCount(inputOf(node, 0).shape);
  const parts = count < LARGE ? undefined : smallestDivisor(count, Math.ceil(count / PART), count / (PART / 8));
  if (parts === undefined) return false;
  const names = node.inputs.map((input) => lowering.plain(need(input)));
  const size = count / parts;
  const shape = [size];
  const step = adamStep(lowering, node.attributes);
  const { outputs } = emitScan(lowering, {
    states: [],
    inputs: names.slice(0, 4).map((name) => ({ name: lowering.reshape(name, [parts, size]), shape })),
    outputShapes: [shape, shape, shape],
    reverse: false,
    step: (_, values) => ({ states: [], outputs: step([...values, ...names.slice(4)]) }),
  });
  const whole = inputOf(node, 0).shape.map(Number);
  defineEach(
    lowering,
    node,
    outputs.map((name) => lowering.reshape(name, whole)),
  );
  return true;
}

function smallestDivisor(count: number, from: number, to: number): number | undefined {
  for (let divisor = from; divisor <= to; divisor++) if (count % divisor === 0) return divisor;
  return undefined;
}

/** d = g + weightDecay·p; v' = momentum·v + d; p' = p − lr·(nesterov ? d + momentum·v' : v'), as in PyTorch. */
const sgdStandard: LoweringRule = (lowering, node) => {
  const [p, g, velocity, rate] = node.inputs.map((input) => (input ? lowering.plain(input) : undefined));
  const value = (operator: string, ...inputs: (string | undefined)[]): string => lowering.emit(operator, inputs);
  const decay = numberOf(node.attributes, 'weightDecay');
  const momentum = lowering.scalar(numberOf(node.attributes, 'momentum'));
  const direction = decay === 0 ? g : value('Add', g, value('Mul', p, lowering.scalar(decay)));
  let step = direction;
  if (velocity !== undefined) {
    const moved = value('Add', value('Mul', velocity, momentum), direction);
    lowering.define(outputOf(node, 1), moved);
    step = node.attributes.nesterov ? value('Add', direction, value('Mul', moved, momentum)) : moved;
  }
  lowering.define(outputOf(node), value('Sub', p, value('Mul', step, rate)));
};

export const optimizerOperators: OperatorTable = {
  /** Inputs p, g, M, V, rate, epsilon, decay → p', M', V'. */
  AdamWUpdate: {
    inferTypes: likeEach(3),
    lower: { standard: adamStandard, cpu: orStandard(adamInParts, adamStandard) },
  },
  /** Inputs p, g, velocity?, learning rate → p', velocity'?. */
  SgdUpdate: {
    inferTypes: (inputs, attributes) => (inputs[2] ? likeEach(2)(inputs, attributes) : likeEach(1)(inputs, attributes)),
    lower: { standard: sgdStandard },
  },
  /** Whether a float32 scalar is neither infinite nor no number. */
  IsFinite: {
    inferTypes: () => [{ dtype: 'bool', shape: [] }],
    lower: {
      standard: (lowering, node) => {
        const x = lowering.plain(inputOf(node, 0));
        const odd = lowering.emit('Or', [lowering.emit('IsInf', [x]), lowering.emit('IsNaN', [x])]);
        lowering.define(outputOf(node), lowering.emit('Not', [odd]));
      },
    },
    gradient: 'none',
  },
  /** A condition (bool, broadcast), the value where it holds and the value where it does not. */
  Select: {
    inferTypes: (inputs) => [{ dtype: need(inputs[1]).dtype, shape: need(inputs[1]).shape }],
    lower: {
      standard: (lowering, node) => {
        const names = node.inputs.map((input) => lowering.plain(need(input)));
        lowering.define(outputOf(node), lowering.emit('Where', names));
      },
    },
  },
  /**
   * The first input itself, without a copy, but not before the second is there: its shape is made to depend on the
   * other's by adding nought times a size. For values that are computed a second time to save memory.
   */
  WaitFor: {
    inferTypes: (inputs) => [{ dtype: need(inputs[0]).dtype, shape: need(inputs[0]).shape }],
    lower: {
      standard: (lowering, node) => {
        const [x, gate] = [inputOf(node, 0), inputOf(node, 1)];
        const isBlocked = lowering.isBlocked(x) && !lowering.isPlain(x);
        const name = isBlocked ? lowering.blocked(x) : lowering.plain(x);
        const gateName =
          lowering.isBlocked(gate) && !lowering.isPlain(gate) ? lowering.blocked(gate) : lowering.plain(gate);
        const nothing = lowering.emit('Mul', [lowering.emit('Size', [gateName]), lowering.int64s([0])]);
        const shape = lowering.emit('Add', [lowering.emit('Shape', [name]), nothing]);
        lowering.define(outputOf(node), lowering.emit('Reshape', [name, shape]), isBlocked ? 'blocked' : 'plain');
      },
    },
  },
};
