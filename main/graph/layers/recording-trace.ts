import type { Shape } from '../dimension.ts';
import { elementCount } from '../dimension.ts';
import { stopGradient } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { OperatorTable } from '../operator.ts';
import type { Graph, Tensor } from '../tensor.ts';
import type { ModuleBuffer, Parameter } from './parameter.ts';
import type { Forwardable, Trace } from './trace.ts';

export interface LayerRecord {
  /** Path in the module tree, such as `layers.3`. */
  readonly name: string;
  readonly kind: string;
  readonly description: string;
  /** Nesting below the root: a leaf of a plain Sequential has depth 1. */
  readonly depth: number;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly parameterCount: number;
  /** Floating-point operations of the forward pass for one sample. */
  readonly flops: number;
  readonly output: Tensor;
  /** The layer's operators are those of the graph from the first of these places up to the second, children's included. */
  readonly nodes: readonly [number, number];
}

export interface TraceOptions {
  /** Batch statistics and dropout when true, running statistics and no dropout when false. */
  readonly training: boolean;
  /** Makes the tensor that stands for a parameter or buffer. */
  readonly bind: (name: string, parameter: Parameter) => Tensor;
  /** Seed and step (int32 scalars), for layers that draw random numbers in training. */
  readonly random?: () => { readonly seed: Tensor; readonly step: Tensor };
  /** Inputs besides the one that `forward` takes, by name. */
  readonly inputs?: ReadonlyMap<string, Tensor>;
  /** What a layer hands on untouched becomes a tensor of its own, so that it can be told which layer it comes from. */
  readonly separateOutputs?: boolean;
}

export interface AddedLoss {
  readonly name: string | undefined;
  readonly loss: Tensor;
}

/** One pass of a model's `forward` into a graph: binds parameters to tensors and writes down what each layer did. */
export class RecordingTrace implements Trace {
  readonly graph: Graph;
  readonly training: boolean;
  readonly layers: LayerRecord[] = [];
  /** New values of buffers, by name. */
  readonly bufferUpdates = new Map<string, Tensor>();
  readonly addedLosses: AddedLoss[] = [];
  /** Further outputs, by name. */
  readonly emitted = new Map<string, Tensor>();
  readonly #options: TraceOptions;
  readonly #operators: OperatorTable;
  readonly #names = new Map<Parameter, string>();
  readonly #bound = new Map<Parameter, Tensor>();
  readonly #path: string[] = [];
  #randomStreams = 0;
  #freezing = 0;

  constructor(graph: Graph, operators: OperatorTable, root: Forwardable, options: TraceOptions) {
    this.graph = graph;
    this.#operators = operators;
    this.#options = options;
    this.training = options.training;
    for (const [name, parameter] of [...root.namedParameters(), ...root.namedBuffers()]) {
      this.#names.set(parameter, name);
    }
  }

  /** The tensor of a parameter or buffer. */
  tensor(parameter: Parameter): Tensor {
    let tensor = this.#bound.get(parameter);
    if (!tensor) {
      tensor = this.#options.bind(this.#nameOf(parameter), parameter);
      this.#bound.set(parameter, tensor);
    }
    return this.#freezing > 0 ? stopGradient(tensor) : tensor;
  }

  updateBuffer(buffer: ModuleBuffer, value: Tensor): void {
    this.bufferUpdates.set(this.#nameOf(buffer), value);
  }

  /** A fresh random key for this layer at this step; the order of calls decides the stream, so it never changes. */
  randomKey(): Tensor {
    const random = this.#options.random?.();
    if (!random) throw new GraphError('invalid-argument', 'Random layers need a seed and a step.');
    return this.graph.apply('RandomKey', [random.seed, random.step], { stream: this.#randomStreams++ });
  }

  input(name: string): Tensor {
    const tensor = this.#options.inputs?.get(name);
    if (!tensor) throw new GraphError('invalid-argument', `The model has no input named ${name}.`);
    return tensor;
  }

  addLoss(loss: Tensor, name?: string): void {
    if (this.training) this.addedLosses.push({ name, loss });
  }

  emit(name: string, tensor: Tensor): void {
    this.emitted.set(name, tensor);
  }

  frozen<T>(build: () => T): T {
    this.#freezing++;
    try {
      return build();
    } finally {
      this.#freezing--;
    }
  }

  /** Runs a child under its name and records it. */
  run(name: string, module: Forwardable, x: Tensor): Tensor {
    this.#path.push(name);
    const firstNode = this.graph.nodes.length;
    const place = this.layers.length;
    const said = module.forward(x, this);
    const output = said === x && this.#options.separateOutputs ? stopGradient(x) : said;
    const flops = this.graph.nodes
      .slice(firstNode)
      .reduce((sum, node) => sum + (this.#operators[node.operator]?.flops?.(node) ?? 0), 0);
    const parameterCount = module
      .namedParameters()
      .reduce((sum, [, parameter]) => sum + elementCount(parameter.shape), 0);
    // Parents stand before the children they ran.
    this.layers.splice(place, 0, {
      name: this.#path.join('.'),
      kind: module.kind,
      description: module.describe(),
      depth: this.#path.length,
      inputShape: x.shape,
      outputShape: output.shape,
      parameterCount,
      flops,
      output,
      nodes: [firstNode, this.graph.nodes.length],
    });
    this.#path.pop();
    return output;
  }

  #nameOf(parameter: Parameter): string {
    const name = this.#names.get(parameter);
    if (name === undefined) {
      throw new GraphError('invalid-argument', 'A parameter is not among the properties of any module of the tree.');
    }
    return name;
  }
}
