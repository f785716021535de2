import { GraphError, type Parameter, type Tensor, type Trace } from '../../graph/index.ts';

/** A trace that keeps nothing: what a model file is told about shapes while it runs. Dropout does nothing in it. */
export class ShapeTrace implements Trace {
  readonly graph: Trace['graph'];
  readonly training = false;
  readonly #tensors = new Map<Parameter, Tensor>();

  constructor(graph: Trace['graph']) {
    this.graph = graph;
  }

  tensor(parameter: Parameter): Tensor {
    const known = this.#tensors.get(parameter);
    if (known) return known;
    const tensor = this.graph.input(`parameter ${this.#tensors.size}`, 'float32', parameter.shape);
    this.#tensors.set(parameter, tensor);
    return tensor;
  }

  readonly run: Trace['run'] = (_name, module, x) => module.forward(x, this);
  updateBuffer(): void {}
  addLoss(): void {}
  emit(): void {}

  frozen<T>(build: () => T): T {
    return build();
  }

  randomKey(): Tensor {
    throw new GraphError('unsupported', 'Nothing is random outside of training.');
  }

  input(name: string): Tensor {
    throw new GraphError('invalid-argument', `The model has no input named ${name}.`);
  }
}
