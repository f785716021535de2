import { type CompilableModel, Module, scale, shift, type Tensor, type Trace } from '../graph/index.ts';

/** How a regression target was standardised for training: (y − mean) / deviation. */
export interface TargetScale {
  readonly mean: number;
  readonly deviation: number;
}

/** Another module, with its answers brought back to the units of the target. Weights keep their names. */
class InUnitsOfTarget extends Module {
  readonly kind = 'InUnitsOfTarget';
  readonly #inner: Module;
  readonly #scale: TargetScale;

  constructor(inner: Module, targetScale: TargetScale) {
    super();
    this.#inner = inner;
    this.#scale = targetScale;
  }

  forward(x: Tensor, trace: Trace): Tensor {
    return shift(scale(this.#inner.forward(x, trace), this.#scale.deviation), this.#scale.mean);
  }

  override children() {
    return this.#inner.children();
  }

  override namedParameters() {
    return this.#inner.namedParameters();
  }

  override namedBuffers() {
    return this.#inner.namedBuffers();
  }
}

/** The model whose output is in the units of the target again, for evaluating and shipping; whatever it ends in. */
export function inUnitsOfTarget<M extends CompilableModel>(model: M, targetScale: TargetScale | null): M {
  return targetScale === null ? model : { ...model, module: new InUnitsOfTarget(model.module, targetScale) };
}
