import type { CompilableModel, ParameterValues, Tensor, Trace } from '../../graph/index.ts';
import {
  add,
  GraphError,
  initializeParameters,
  Linear,
  logarithm,
  Module,
  scale,
  shift,
  softmax,
  stopGradient,
} from '../../graph/index.ts';
import type { Model } from '../build-model.ts';

/**
 * - `average`: the mean of the members' probabilities, or of their numbers for a regression.
 * - `stacking`: a linear layer over what all members say, trained on data that they were not (Wolpert 1992).
 */
export type Combination = 'average' | 'stacking';

/** Keeps the logarithm of a probability that rounding made zero. */
const SMALLEST = 1e-12;

/** Members with weights of their own, under `members.<index>.`, and what is made of their answers. */
class Ensemble extends Module {
  readonly kind = 'Ensemble';
  readonly members: readonly Module[];
  readonly combine: Linear | undefined;
  readonly #classifies: boolean;

  constructor(members: readonly Module[], combination: Combination, outputs: number, classifies: boolean) {
    super();
    this.members = members;
    this.#classifies = classifies;
    this.combine = combination === 'stacking' ? new Linear(members.length * outputs, outputs) : undefined;
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const answers = this.members.map((member, index) => {
      const output = trace.run(`members.${index}`, member, x);
      return this.#classifies ? softmax(output) : output;
    });
    if (this.combine) {
      const seen = x.graph.apply('Concat', answers, { axis: 1 });
      return trace.run('combine', this.combine, stopGradient(seen));
    }
    const mean = scale(answers.reduce(add), 1 / answers.length);
    // Logits again, so that whoever takes the softmax of the output finds the mean of the probabilities.
    return this.#classifies ? logarithm(shift(mean, SMALLEST)) : mean;
  }

  override describe(): string {
    return `${this.members.length} members, ${this.combine ? 'stacking' : 'average'}`;
  }
}

export interface EnsembleModel extends CompilableModel {
  /** To train the combination of `stacking` alone: `parameterGroups` of the training step. */
  readonly parameterGroups: readonly { readonly match: string; readonly frozen: true }[];
}

/**
 * One model out of several that take and give the same; compiled, it is one graph.
 * @throws GraphError if the members differ in what they take or give, or give no numbers per sample
 */
export function ensembleOf(models: readonly Model[], combination: Combination): EnsembleModel {
  const [first] = models;
  if (!first || models.length < 2) throw new GraphError('invalid-argument', 'An ensemble needs two models or more.');
  for (const { inputShape, inputType, moreInputs, output } of models) {
    const same =
      inputShape.join() === first.inputShape.join() &&
      inputType === first.inputType &&
      JSON.stringify(output) === JSON.stringify(first.output) &&
      JSON.stringify(moreInputs) === JSON.stringify(first.moreInputs);
    if (!same) throw new GraphError('shape-mismatch', 'The members of an ensemble take and give the same.');
  }
  const { output } = first;
  if (output.kind !== 'classification' && output.kind !== 'regression') {
    throw new GraphError('unsupported', `Answers of the kind ${output.kind} cannot be combined.`);
  }
  const classifies = output.kind === 'classification';
  const outputs = output.kind === 'classification' ? output.classes : output.outputs;
  const members = models.map(({ module }) => module);
  return {
    module: new Ensemble(members, combination, outputs, classifies),
    inputShape: first.inputShape,
    ...(first.inputType ? { inputType: first.inputType } : {}),
    ...(first.moreInputs ? { moreInputs: first.moreInputs } : {}),
    parameterGroups: [{ match: 'members.*', frozen: true }],
  };
}

/**
 * The members' trained weights under the ensemble's names, and fresh ones for its combination.
 * @param weights of each member, in the order of `ensembleOf`
 */
export function ensembleParameters(
  ensemble: CompilableModel,
  weights: readonly ParameterValues[],
  seed = 0,
): ParameterValues {
  const values: Record<string, Float32Array> = { ...initializeParameters(ensemble.module, seed) };
  weights.forEach((member, index) => {
    for (const [name, value] of Object.entries(member)) {
      const full = `members.${index}.${name}`;
      if (!(full in values)) throw new GraphError('invalid-argument', `Member ${index} has no parameter ${name}.`);
      values[full] = value;
    }
  });
  return values;
}
