import type { StateTensor, TrainStep } from '../../graph/index.ts';
import {
  float32Scalar,
  float32Tensor,
  floats,
  int32Scalar,
  int64Tensor,
  RuntimeSession,
  type RuntimeTensor,
  type SessionSettings,
} from '../../runtime/index.ts';

export interface StepFigures {
  readonly loss: number;
  /** `correct` (count) or `absoluteError` (mean), as the compiled step says. */
  readonly metric: number;
  readonly gradientNorm: number;
}

/**
 * A compiled training step with its state. Every state tensor exists twice: a step reads one and writes the other, so
 * that no step allocates, and a step that failed has not touched the state.
 */
export class StepRunner {
  readonly #session: RuntimeSession;
  readonly #step: TrainStep;
  #current = new Map<string, RuntimeTensor>();
  #spare = new Map<string, RuntimeTensor>();

  private constructor(session: RuntimeSession, step: TrainStep, values: ReadonlyMap<string, Float32Array> | null) {
    this.#session = session;
    this.#step = step;
    for (const { name, shape, initial } of step.state) {
      const value = values?.get(name) ?? initial;
      this.#current.set(name, float32Tensor(value.slice(), shape));
      this.#spare.set(name, float32Tensor(new Float32Array(value.length), shape));
    }
  }

  /** @param values the state of a checkpoint; null starts from the initial weights */
  static async create(
    step: TrainStep,
    settings: SessionSettings,
    values: ReadonlyMap<string, Float32Array> | null,
  ): Promise<StepRunner> {
    const session = await RuntimeSession.create(step.onnx, { ...settings, flushDenormals: true });
    return new StepRunner(session, step, values);
  }

  /**
   * @param number of the step, from 1
   * @param x samples, row-major
   * @param y class ids or standardised numbers
   */
  async run(
    number: number,
    learningRate: number,
    seed: number,
    x: { readonly data: Float32Array; readonly dims: readonly number[] },
    y: BigInt64Array | Float32Array,
  ): Promise<StepFigures> {
    const feeds: Record<string, RuntimeTensor> = {
      x: float32Tensor(x.data, x.dims),
      y: y instanceof BigInt64Array ? int64Tensor(y, [y.length]) : float32Tensor(y, [y.length, 1]),
      learningRate: float32Scalar(learningRate),
      step: int32Scalar(number),
      seed: int32Scalar(seed | 0),
    };
    const into: Record<string, RuntimeTensor> = {};
    for (const { name, outputName } of this.#step.state) {
      feeds[name] = this.#current.get(name) as RuntimeTensor;
      into[outputName] = this.#spare.get(name) as RuntimeTensor;
    }
    const results = await this.#session.run(feeds, into);
    const figures = {
      loss: floats(results.loss, 'loss')[0],
      metric: floats(results[this.#step.metric], this.#step.metric)[0],
      gradientNorm: floats(results.gradientNorm, 'gradientNorm')[0],
    };
    // A loss that is no number leaves the state as it was: the checkpoint that follows must be of use.
    if (Number.isFinite(figures.loss)) {
      const [before, written] = [this.#current, this.#spare];
      this.#current = written;
      this.#spare = before;
    }
    return figures;
  }

  /** The state as it is after the last step; views, valid until the next one. */
  state(): (readonly [StateTensor, Float32Array])[] {
    return this.#step.state.map((entry) => [entry, floats(this.#current.get(entry.name), entry.name)] as const);
  }

  /** Parameters and buffers by name, copied. */
  parameters(): Record<string, Float32Array> {
    const values: Record<string, Float32Array> = {};
    for (const [{ name, kind }, value] of this.state()) if (kind !== 'optimizer') values[name] = value.slice();
    return values;
  }

  dispose(): Promise<void> {
    return this.#session.dispose();
  }
}
