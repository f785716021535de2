import { GraphError, type Tensor as GraphTensor } from '../../../graph/index.ts';
import { applyOperation } from '../operations.ts';
import { checkSize, playLayer } from '../play.ts';
import type { LayerStep, Operation, ProgramStep } from '../program.ts';
import type { ShapeTrace } from '../shape-trace.ts';
import { partsOf } from './layer-parts.ts';
import { Tensor } from './tensor.ts';

/** A step whose modules have no names yet: those follow from the finished tree. */
export type RecordedStep =
  | Exclude<ProgramStep, { kind: 'block' | 'layer' }>
  | (Omit<LayerStep, 'layer'> & { readonly module: object })
  | {
      readonly kind: 'block';
      readonly module: object;
      readonly input: number;
      readonly steps: readonly RecordedStep[];
      readonly outputs: readonly number[];
      readonly line?: number | undefined;
    };

export type LayerCall = Pick<LayerStep, 'causal'> & {
  readonly memory?: Tensor | undefined;
  readonly mask?: Tensor | undefined;
  readonly lengths?: Tensor | undefined;
};

/** Writes down what a model file does with its input. Every step is taken at once, so that its shape, or its mistake, is known. */
export class Recorder {
  readonly #trace: ShapeTrace;
  readonly #batch: string;
  readonly #lineOf: () => number | undefined;
  readonly #tensors: GraphTensor[] = [];
  #steps: RecordedStep[] = [];

  constructor(trace: ShapeTrace, batch: string, lineOf: () => number | undefined) {
    this.#trace = trace;
    this.#batch = batch;
    this.#lineOf = lineOf;
  }

  get steps(): readonly RecordedStep[] {
    return this.#steps;
  }

  /** The input of the model. */
  begin(x: GraphTensor): Tensor {
    return this.#keep([x])[0] as Tensor;
  }

  operation(operation: Operation, inputs: readonly Tensor[]): readonly Tensor[] {
    const line = this.#lineOf();
    const values = inputs.map((input) => this.graphTensor(input));
    const made = this.#keep(applyOperation(operation, values, this.#trace, this.#batch));
    this.#steps.push({ kind: 'operation', operation, inputs: inputs.map(({ id }) => id), outputs: idsOf(made), line });
    return made;
  }

  layer(module: object, x: Tensor, call: LayerCall): readonly Tensor[] {
    const line = this.#lineOf();
    const { memory, mask, lengths, causal } = call;
    const context = {
      memory: memory && this.graphTensor(memory),
      mask: mask && this.graphTensor(mask),
      lengths: lengths && this.graphTensor(lengths),
      causal,
    };
    const { settings, built } = partsOf(module);
    const made = this.#keep(playLayer(this.#trace, '', settings, built, this.graphTensor(x), context));
    this.#steps.push({
      kind: 'layer',
      module,
      input: x.id,
      outputs: idsOf(made),
      line,
      ...(memory ? { memory: memory.id } : {}),
      ...(mask ? { mask: mask.id } : {}),
      ...(lengths ? { lengths: lengths.id } : {}),
      ...(causal ? { causal } : {}),
    });
    return made;
  }

  /** The steps inside a module of one's own are kept together where it takes and gives a tensor. */
  block(module: object, inputs: readonly unknown[], forward: () => unknown): unknown {
    const line = this.#lineOf();
    const outer = this.#steps;
    const inner: RecordedStep[] = [];
    this.#steps = inner;
    let result: unknown;
    try {
      result = forward();
    } finally {
      this.#steps = outer;
    }
    const [x] = inputs;
    const isNew = result instanceof Tensor && inner.some((step) => step.outputs.includes((result as Tensor).id));
    if (x instanceof Tensor && result instanceof Tensor && isNew)
      outer.push({ kind: 'block', module, input: x.id, steps: inner, outputs: [result.id], line });
    else outer.push(...inner);
    return result;
  }

  /** A learned tensor depends on no input; that of the model stands for it. */
  parameter(module: object): Tensor {
    const line = this.#lineOf();
    const x = this.#tensors[0] as GraphTensor;
    const { settings, built } = partsOf(module);
    const made = this.#keep(playLayer(this.#trace, '', settings, built, x, {}));
    this.#steps.push({ kind: 'layer', module, input: 0, outputs: idsOf(made), line });
    return made[0] as Tensor;
  }

  graphTensor(tensor: unknown): GraphTensor {
    const found = tensor instanceof Tensor ? this.#tensors[tensor.id] : undefined;
    if (!found) throw new GraphError('invalid-argument', `A tensor is needed here, not ${describe(tensor)}.`);
    return found;
  }

  #keep(tensors: readonly GraphTensor[]): readonly Tensor[] {
    return tensors.map((tensor) => {
      checkSize(tensor);
      const id = this.#tensors.length;
      this.#tensors.push(tensor);
      return new Tensor(id, tensor.shape, tensor.dtype);
    });
  }
}

const idsOf = (tensors: readonly Tensor[]): readonly number[] => tensors.map(({ id }) => id);

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'number' || typeof value === 'boolean') return `the ${typeof value} ${value}`;
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

let current: Recorder | null = null;

/** @throws GraphError outside of `forward` */
export function recorder(): Recorder {
  if (current === null)
    throw new GraphError(
      'invalid-argument',
      'Tensors exist only in forward: make layers in build, and use them in forward.',
    );
  return current;
}

export function withRecorder<T>(one: Recorder, work: () => T): T {
  current = one;
  try {
    return work();
  } finally {
    current = null;
  }
}
