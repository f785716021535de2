import type { CompilableModel, Tensor, Trace } from '../../graph/index.ts';
import {
  add,
  divide,
  Flatten,
  GraphError,
  Linear,
  Module,
  multiply,
  reduceMean,
  reduceSum,
  Sequential,
  scale,
  softmax,
  stopGradient,
} from '../../graph/index.ts';
import { activationModule } from '../layer-builder.ts';
import type { InputSignature, OutputSignature } from '../specification.ts';
import { unitsOf } from '../units-of.ts';
import type { MixtureSpec } from './specification.ts';

/** [N, features] → Σ over experts of gate · expert, [N, units]. */
export class MixtureOfExperts extends Module {
  readonly kind = 'MixtureOfExperts';
  readonly gate: Linear;
  readonly experts: readonly Sequential[];
  readonly #topK: number;
  readonly #balance: number;

  constructor(spec: MixtureSpec, features: number, units: number) {
    super();
    const { experts, hidden, activation = 'relu', topK = experts, balance = 0.01 } = spec;
    if (!Number.isInteger(experts) || experts < 2 || !Number.isInteger(topK) || topK < 1 || topK > experts) {
      throw new GraphError('invalid-argument', `Of ${experts} experts, two or more, ${topK} cannot be chosen.`);
    }
    [this.#topK, this.#balance] = [topK, balance];
    this.gate = new Linear(features, experts, { bias: false });
    this.experts = Array.from(
      { length: experts },
      () =>
        new Sequential([
          ...hidden.flatMap((size, index) => [
            new Linear(hidden[index - 1] ?? features, size),
            activationModule(activation),
          ]),
          new Linear(hidden.at(-1) ?? features, units),
        ]),
    );
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const { graph } = x;
    const likelihood = softmax(trace.run('gate', this.gate, x));
    const chosen = graph.apply('LargestMask', [likelihood], { count: this.#topK });
    const kept = this.#topK === this.experts.length ? likelihood : multiply(likelihood, chosen);
    const gates = divide(kept, reduceSum(kept, [1], true));
    if (trace.training && this.#balance > 0) {
      const share = stopGradient(reduceMean(chosen, [0]));
      const busy = reduceSum(multiply(share, reduceMean(likelihood, [0])), [0]);
      trace.addLoss(scale(busy, (this.#balance * this.experts.length) / this.#topK), 'balance');
    }
    trace.emit('gates', gates);
    return this.experts
      .map((expert, index) => {
        const weight = graph.apply('Slice', [gates], { axis: 1, start: index, size: 1 });
        return multiply(trace.run(`experts.${index}`, expert, x), weight);
      })
      .reduce(add);
  }

  override describe(): string {
    return `${this.experts.length} experts, ${this.#topK} at a time`;
  }
}

export function mixtureOfExperts(spec: MixtureSpec, input: InputSignature, output: OutputSignature): CompilableModel {
  const shape = input.kind === 'image' ? [input.channels, input.height, input.width] : tableShape(input);
  const features = shape.reduce((product, size) => product * size, 1);
  const mixture = new MixtureOfExperts(spec, features, unitsOf(output, 'A mixture of experts'));
  return { module: shape.length > 1 ? new Sequential([new Flatten(), mixture]) : mixture, inputShape: shape };
}

function tableShape(input: InputSignature): readonly number[] {
  if (input.kind === 'table') return [input.features];
  if (input.kind === 'series') return [input.length, input.features];
  throw new GraphError('unsupported', `A mixture of experts cannot take ${input.kind} as input.`);
}
