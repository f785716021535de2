import type { CompilableModel, Tensor, Trace } from '../graph/index.ts';
import { Module, Sequential } from '../graph/index.ts';

/** What the last layer of a list of layers reads is a further output, `features` [N, size]. Weights keep their names. */
class WithFeatures extends Module {
  readonly kind = 'WithFeatures';
  readonly layers: readonly Module[];

  constructor({ layers }: Sequential) {
    super();
    this.layers = layers;
  }

  forward(x: Tensor, trace: Trace): Tensor {
    return this.layers.reduce((value, layer, index) => {
      if (index === this.layers.length - 1) trace.emit('features', value);
      return trace.run(`layers.${index}`, layer, value);
    }, x);
  }
}

/** The model with the features of its last layer beside its output; null where it is more than a list of layers. */
export function withFeatures(model: CompilableModel): CompilableModel | null {
  const { module } = model;
  return module instanceof Sequential ? { ...model, module: new WithFeatures(module) } : null;
}
