import { scale } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { Parameter } from '../layers/parameter.ts';
import type { Optimizer, OptimizerScalars, OptimizerSpec } from './optimizer.ts';
import { createOptimizer } from './optimizer.ts';

/** How some parameters are trained otherwise than the rest, after PyTorch's parameter groups. */
export interface ParameterGroup {
  /** Full names, where `*` stands for any run of characters: `layers.0.*`, `*.bias`. The first group that fits counts. */
  readonly match: string;
  /** Multiplies the learning rate. Default 1. */
  readonly learningRateFactor?: number;
  /** Instead of the optimiser's. */
  readonly weightDecay?: number;
  /** The parameter stays as it is, and no gradient is computed for it. */
  readonly frozen?: boolean;
}

export interface GroupingOptions {
  readonly optimizer: OptimizerSpec;
  readonly parameterGroups?: readonly ParameterGroup[];
  /** `biases_and_norms`: no weight decay for biases and for the gains of normalisation layers. Default `none`. */
  readonly weightDecayExclusions?: 'none' | 'biases_and_norms';
}

/** How one parameter is trained; `weightDecay` is undefined where the optimiser's own holds. */
export interface Treatment {
  readonly learningRateFactor: number;
  readonly weightDecay: number | undefined;
}

/** Which optimiser a parameter gets; undefined for frozen ones. */
export type OptimizerChoice = (name: string, parameter: Parameter) => Optimizer | undefined;

/** The group of a parameter, if any. */
export function groupOf(groups: readonly ParameterGroup[], name: string): ParameterGroup | undefined {
  return groups.find(({ match }) => toPattern(match).test(name));
}

export const isFrozen = (groups: readonly ParameterGroup[] | undefined, name: string): boolean =>
  groupOf(groups ?? [], name)?.frozen === true;

/** Undefined for frozen parameters. */
export function treatmentOf(options: GroupingOptions, name: string, parameter: Parameter): Treatment | undefined {
  const group = groupOf(options.parameterGroups ?? [], name);
  if (group?.frozen) return undefined;
  const excluded = options.weightDecayExclusions === 'biases_and_norms' && isBiasOrNorm(parameter);
  return {
    learningRateFactor: group?.learningRateFactor ?? 1,
    weightDecay: group?.weightDecay ?? (excluded ? 0 : undefined),
  };
}

/**
 * One optimiser per distinct treatment, made when first asked for.
 * @throws GraphError `invalid-argument` if a group's pattern fits no parameter, or its numbers are negative
 */
export function chooseOptimizers(
  options: GroupingOptions,
  scalars: OptimizerScalars,
  names: readonly string[],
): OptimizerChoice {
  const groups = options.parameterGroups ?? [];
  for (const group of groups) check(group, names);
  const made = new Map<string, Optimizer>();
  return (name, parameter) => {
    const treatment = treatmentOf(options, name, parameter);
    if (!treatment) return undefined;
    const { learningRateFactor: factor, weightDecay } = treatment;
    const key = `${factor}:${weightDecay}`;
    const existing = made.get(key);
    if (existing) return existing;
    const learningRate = factor === 1 ? scalars.learningRate : scale(scalars.learningRate, factor);
    const spec = weightDecay === undefined ? options.optimizer : { ...options.optimizer, weightDecay };
    const optimizer = createOptimizer(spec, { ...scalars, learningRate });
    made.set(key, optimizer);
    return optimizer;
  };
}

/** Vectors (biases, per-channel gains) and gains of any rank, which start at one. */
const isBiasOrNorm = ({ shape, initializer }: Parameter): boolean =>
  shape.length <= 1 || (initializer.kind === 'constant' && initializer.value === 1);

function check(group: ParameterGroup, names: readonly string[]): void {
  const refuse = (why: string): never => {
    throw new GraphError('invalid-argument', `The parameter group “${group.match}” ${why}.`);
  };
  const pattern = toPattern(group.match);
  if (!names.some((name) => pattern.test(name))) {
    refuse(`fits no parameter; the model has ${names.slice(0, 4).join(', ')}${names.length > 4 ? ', …' : ''}`);
  }
  if ((group.learningRateFactor ?? 0) < 0) refuse('has a negative learning-rate factor');
  if ((group.weightDecay ?? 0) < 0) refuse('has a negative weight decay');
}

const toPattern = (match: string): RegExp =>
  new RegExp(`^${match.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`);
