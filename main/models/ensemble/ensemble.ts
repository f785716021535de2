import type { ParameterValues, Tensor, Trace } from '../../graph/index.ts';
import {
  add,
  GraphError,
  Linear,
  logarithm,
  Module,
  prepareFurther,
  scale,
  shift,
  softmax,
  stopGradient,
} from '../../graph/index.ts';
import type { Built } from '../built.ts';
import type { InputSignature, OutputSignature } from '../specification.ts';
import { settled } from './settled.ts';
import type { EnsembleMember, EnsembleSpec } from './specification.ts';

/** Keeps the logarithm of a probability that rounding made zero. */
const SMALLEST = 1e-12;
/** The same for what a linear layer reads: beyond it, one sure member would drown all others. */
const SMALLEST_SEEN = 1e-6;

/** Members with weights of their own, under `members.<index>.`, and what is made of their answers. */
class Ensemble extends Module {
  readonly kind = 'Ensemble';
  readonly members: readonly Module[];
  readonly combine: Linear | undefined;
  readonly #spec: EnsembleSpec;
  readonly #output: OutputSignature;

  constructor(spec: EnsembleSpec, output: OutputSignature) {
    super();
    this.#spec = spec;
    this.#output = output;
    this.members = spec.members.map(({ model }) => model.module);
    const units = unitsOf(output);
    this.combine = spec.combine === 'stacking' ? new Linear(this.members.length * stackable(output), units) : undefined;
  }

  forward(x: Tensor, trace: Trace): Tensor {
    // Statistics are state of a training step, whose next value somebody has to say.
    if (trace.training)
      for (const [, buffer] of this.namedBuffers()) trace.updateBuffer(buffer, stopGradient(trace.tensor(buffer)));
    const said = this.#spec.members.map((member, index) => {
      const own = this.#prepare(x, member);
      return trace.run(`members.${index}`, settled(this.members[index] as Module), own);
    });
    const classifies = this.#output.kind === 'classification' || this.#output.kind === 'segmentation';
    const answers = said.map((answer, index) => (classifies ? softmax(answer, 1) : this.#inOwnUnits(answer, index)));
    if (this.combine) {
      const seen = classifies ? answers.map((answer) => logarithm(shift(answer, SMALLEST_SEEN))) : answers;
      return trace.run('combine', this.combine, stopGradient(x.graph.apply('Concat', seen, { axis: 1 })));
    }
    const weights = sharesOf(this.#spec);
    const mean = answers.map((answer, index) => scale(answer, weights[index] ?? 0)).reduce(add);
    // Logits again, so that whoever takes the softmax of the output finds the mean of the probabilities.
    return classifies ? logarithm(shift(mean, SMALLEST)) : mean;
  }

  override describe(): string {
    return `${this.members.length} members, ${this.#spec.combine}`;
  }

  #prepare(x: Tensor, { preprocessing, places }: EnsembleMember): Tensor {
    const common = this.#spec.preprocessing;
    return preprocessing === common ? x : prepareFurther(x, common, preprocessing, places);
  }

  /** Members were trained on a target that each standardised in its own way. */
  #inOwnUnits(answer: Tensor, index: number): Tensor {
    const [own, theirs] = [this.#spec.targetScale, this.#spec.members[index]?.targetScale];
    if (own == null || theirs == null || (own.mean === theirs.mean && own.deviation === theirs.deviation))
      return answer;
    return shift(scale(answer, theirs.deviation / own.deviation), (theirs.mean - own.mean) / own.deviation);
  }
}

/**
 * One model out of several trained ones; compiled, it is one graph. Members stay as they are: of `stacking`, the linear
 * layer over them learns; of `average`, nothing.
 * @throws GraphError where the members cannot be combined
 */
export function ensemble(spec: EnsembleSpec, input: InputSignature, output: OutputSignature): Built {
  const { members, combine, weights, preprocessing } = spec;
  const [first] = members;
  if (!first || members.length < 2) throw new GraphError('invalid-argument', 'An ensemble needs two members or more.');
  if (combine === 'average' && weights !== undefined && weights.length !== members.length)
    throw new GraphError('invalid-argument', `${weights.length} weights cannot count for ${members.length} members.`);
  const { inputType } = first.model;
  return {
    module: new Ensemble(spec, output),
    inputShape: first.preprocessing === preprocessing ? first.model.inputShape : shapeOf(input),
    ...(inputType ? { inputType } : {}),
    parameters: { ...ofMembers(members), ...(combine === 'stacking' ? meanOf(members.length, output) : {}) },
    parameterGroups: [{ match: 'members.*', frozen: true }],
  };
}

function shapeOf(input: InputSignature): readonly number[] {
  if (input.kind === 'image') return [input.channels, input.height, input.width];
  return input.kind === 'table' ? [input.features] : [];
}

function unitsOf(output: OutputSignature): number {
  switch (output.kind) {
    case 'classification':
    case 'segmentation':
      return output.classes;
    case 'regression':
      return output.outputs;
    case 'forecast':
      return output.horizon * output.series;
    default:
      throw new GraphError('unsupported', `Answers of the kind ${output.kind} cannot be combined.`);
  }
}

/** Numbers per sample and member that a linear layer reads. */
function stackable(output: OutputSignature): number {
  if (output.kind === 'classification' || output.kind === 'regression') return unitsOf(output);
  throw new GraphError('unsupported', `Answers of the kind ${output.kind} are averaged, not stacked.`);
}

/** Weights that add up to one. */
function sharesOf({ weights, members }: EnsembleSpec): readonly number[] {
  const given = weights ?? members.map(() => 1);
  const sum = given.reduce((total, weight) => total + weight, 0);
  return given.map((weight) => weight / sum);
}

function ofMembers(members: readonly EnsembleMember[]): ParameterValues {
  return Object.fromEntries(
    members.flatMap(({ parameters }, index) =>
      Object.entries(parameters).map(([name, value]) => [`members.${index}.${name}`, value] as const),
    ),
  );
}

/** The linear layer that says the mean of what the members say. */
function meanOf(members: number, output: OutputSignature): ParameterValues {
  const units = unitsOf(output);
  const width = members * units;
  return {
    'combine.weight': Float32Array.from({ length: units * width }, (_, index) =>
      (index % width) % units === Math.floor(index / width) ? 1 / members : 0,
    ),
    'combine.bias': new Float32Array(units),
  };
}
