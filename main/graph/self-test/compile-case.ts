import { assemble } from '../compile/assemble.ts';
import { createGraph } from '../compile/model.ts';
import type { TensorData } from '../data-type.ts';
import { elementCount } from '../dimension.ts';
import { multiply, reduceSum } from '../expression.ts';
import type { NamedOutput } from '../lowering/lower-graph.ts';
import type { Target } from '../lowering/target.ts';
import { operators } from '../operators/index.ts';
import { withoutDeadNodes } from '../passes/dead-nodes.ts';
import { gradients } from '../passes/gradients.ts';
import type { Tensor } from '../tensor.ts';
import { caseName, type GivenInput, noise, type OperatorCase, spacedNumbers } from './operator-case.ts';

/** Stream of the numbers that outputs are weighted with to one loss. */
const PROJECTION = 99;

export interface CaseFeed {
  readonly name: string;
  readonly dtype: GivenInput['dtype'];
  readonly shape: readonly number[];
  readonly data: TensorData | readonly string[];
}

export interface CaseOutput {
  readonly name: string;
  /** Rows of the operator table that it is computed by. */
  readonly operators: ReadonlySet<string>;
}

/** A graph that applies an operator once, and differentiates it where it can be. */
export interface CompiledCase {
  readonly name: string;
  readonly operator: string;
  readonly onnx: Uint8Array;
  /** The outputs of the operator alone, for finding out which half a device cannot run. Null: `onnx` is that already. */
  readonly forwardOnnx: Uint8Array | null;
  readonly feeds: readonly CaseFeed[];
  /** `y0`, `y1` … and, where there is a gradient rule, `loss` and `gradient<input>`. */
  readonly outputs: readonly CaseOutput[];
  /** Inputs that are differentiated. */
  readonly wanted: readonly number[];
}

export function compileOperatorCase(operatorCase: OperatorCase, target: Target): CompiledCase {
  const { operator, inputs: specs, range = [-1, 1], attributes = {} } = operatorCase;
  const graph = createGraph();
  const feeds: CaseFeed[] = [];
  const inputs = specs.map((spec, index): Tensor | undefined => {
    if (spec === null) return undefined;
    const given = isGiven(spec) ? spec : drawn(spec, index, range, operatorCase.spaced === true);
    const name = `in${index}`;
    feeds.push({ name, ...given });
    return graph.input(name, given.dtype, given.shape);
  });
  const ys = graph.applyAll(operator, inputs, attributes);
  const differentiable = typeof operators[operator]?.gradient === 'function';
  const forward: NamedOutput[] = ys
    .slice(0, differentiable ? 1 : undefined)
    .map((tensor, index) => ({ name: `y${index}`, tensor }));
  const wanted = differentiable
    ? (operatorCase.wanted ?? specs.flatMap((spec, index) => (spec === null || isGiven(spec) ? [] : [index])))
    : [];
  const outputs = [...forward];
  if (differentiable && ys[0]) {
    const y = ys[0];
    // A random projection, so that every output element counts differently.
    const weights = graph.constant('float32', y.shape, noise(elementCount(y.shape), PROJECTION, [-1, 1]));
    const loss = reduceSum(
      multiply(y, weights),
      y.shape.map((_, axis) => axis),
    );
    const differentiated = wanted.flatMap((index) => inputs[index] ?? []);
    outputs.push(
      { name: 'loss', tensor: loss },
      ...gradients(operators, loss, differentiated).map((tensor, place) => ({
        name: `gradient${wanted[place]}`,
        tensor,
      })),
    );
  }
  const compile = (chosen: readonly NamedOutput[]): Uint8Array => assemble(graph, chosen, target, 'case').onnx;
  return {
    name: caseName(operatorCase),
    operator,
    onnx: compile(outputs),
    forwardOnnx: differentiable ? compile(forward) : null,
    feeds,
    wanted,
    outputs: outputs.map(({ name, tensor }) => ({
      name,
      operators: new Set(withoutDeadNodes(graph.nodes, [tensor]).map((node) => node.operator)),
    })),
  };
}

function isGiven(spec: OperatorCase['inputs'][number]): spec is GivenInput {
  return spec !== null && 'dtype' in spec;
}

function drawn(
  shape: readonly (number | string)[],
  stream: number,
  range: readonly [number, number],
  spaced: boolean,
): GivenInput {
  const count = elementCount(shape);
  return {
    dtype: 'float32',
    shape: shape.map(Number),
    data: spaced ? spacedNumbers(count) : noise(count, stream, range),
  };
}
