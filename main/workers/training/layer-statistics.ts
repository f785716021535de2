import { compileLayerStatistics, type LayerStatisticsGraph, type LossSpec } from '../../graph/index.ts';
import { floats, int32Scalar, RuntimeSession, type RuntimeTensor } from '../../runtime/index.ts';
import { type Feeds, feedTensor } from './feeds.ts';
import type { Computing } from './predict.ts';

/** Points of a run that tell of its layers; each costs about as much as a step of a small batch. */
const MEASUREMENTS_PER_RUN = 100;
const LEAST_STEPS_BETWEEN = 20;
/** Values that a run keeps of its layers, at most about so many. */
const VALUES_PER_RUN = 60_000;
const FIGURES_PER_LAYER = 6;
/** Samples of the batch that are looked at. */
export const SAMPLES_MEASURED = 32;

/** A state tensor and what to feed it under. */
export type NamedTensors = ReadonlyMap<string, RuntimeTensor>;

/** Where a pass through the model first met something that is no number. */
export interface FirstBroken {
  readonly layer: string;
  readonly where: 'output' | 'gradient';
}

/** Steps from one look at the layers to the next. */
export function stepsBetween(totalSteps: number, layerCount: number): number {
  const affordable = Math.max(1, VALUES_PER_RUN / (FIGURES_PER_LAYER * Math.max(1, layerCount)));
  return Math.max(LEAST_STEPS_BETWEEN, Math.ceil(totalSteps / Math.min(MEASUREMENTS_PER_RUN, affordable)));
}

/** A second graph beside the training step that says what each layer does with a batch; compiled when first asked. */
export class LayerStatistics {
  readonly #computing: Computing;
  readonly #loss: LossSpec;
  #compiled: LayerStatisticsGraph | null = null;
  #session: RuntimeSession | null = null;
  #obstacle: string | null = null;

  constructor(computing: Computing, loss: LossSpec) {
    this.#computing = computing;
    this.#loss = loss;
  }

  /** Why the layers of this model cannot be looked at; null while nothing speaks against it. Training goes on without. */
  get obstacle(): string | null {
    return this.#obstacle;
  }

  /** Metrics named `layer.<path>.activationMean` and so on; none when there is an obstacle. */
  async measure(feeds: Feeds, state: NamedTensors, seed: number, step: number): Promise<Record<string, number>> {
    const said = await this.#run(feeds, state, seed, step);
    if (said === null) return {};
    const { graph, results } = said;
    const values: Record<string, number> = {};
    const keep = (paths: readonly string[], figure: string): void => {
      const row = paths.length === 0 ? [] : floats(results[figure], figure);
      paths.forEach((path, place) => {
        values[`layer.${path}.${figure}`] = row[place];
      });
    };
    keep(graph.layers, 'activationMean');
    keep(graph.layers, 'activationDeviation');
    keep(graph.layers, 'deadUnits');
    keep(graph.trained, 'gradientNorm');
    return values;
  }

  /** The first layer, in the order in which they run, whose output is not finite; else whose gradient is not. */
  async firstBroken(feeds: Feeds, state: NamedTensors, seed: number, step: number): Promise<FirstBroken | null> {
    const said = await this.#run(feeds, state, seed, step);
    if (said === null) return null;
    const { graph, results } = said;
    const broken = (paths: readonly string[], figure: string): readonly string[] => {
      const row = paths.length === 0 ? [] : floats(results[figure], figure);
      return paths.filter((_, place) => !Number.isFinite(row[place]));
    };
    const [forward] = broken(graph.layers, 'activationMean');
    if (forward !== undefined) return { layer: forward, where: 'output' };
    // The backward pass runs the other way.
    const backward =
      broken(graph.connected, 'outputGradientNorm').at(-1) ?? broken(graph.trained, 'gradientNorm').at(-1);
    return backward === undefined ? null : { layer: backward, where: 'gradient' };
  }

  async dispose(): Promise<void> {
    await this.#session?.dispose();
  }

  async #run(feeds: Feeds, state: NamedTensors, seed: number, step: number) {
    const { model, target, settings } = this.#computing;
    if (this.#obstacle !== null) return null;
    try {
      this.#compiled ??= compileLayerStatistics(model, { loss: this.#loss, target });
      this.#session ??= await RuntimeSession.create(this.#compiled.onnx, settings);
    } catch (error) {
      this.#obstacle = error instanceof Error ? error.message : String(error);
      return null;
    }
    const given: Record<string, RuntimeTensor> = {
      ...Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, feedTensor(feed)])),
      ...Object.fromEntries(state),
      step: int32Scalar(step),
      seed: int32Scalar(seed | 0),
    };
    return { graph: this.#compiled, results: await this.#session.run(given) };
  }
}
