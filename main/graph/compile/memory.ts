import { dataTypes } from '../data-type.ts';
import { dimensionSize, elementCount, type SymbolSizes } from '../dimension.ts';
import type { OnnxGraph, OnnxValueInfo } from '../onnx/model.ts';
import { isAdamAlone } from './adam-plan.ts';
import { ArenaModel } from './memory-arena.ts';
import { MemoryPlan, outside } from './memory-plan.ts';
import { declaredShape } from './memory-shapes.ts';
import { bytesOf as bytesOfValue } from './memory-values.ts';
import type { CompilableModel, StateTensor } from './model.ts';
import { type BatchPlan, lowerReplicatedStep, planBatch } from './replicated-step.ts';
import type { TrainStepOptions } from './train-step.ts';
import { lowerTrainStep } from './train-step.ts';

/** What a session needs besides its tensors: its operators, and what loading it leaves behind. Measured, 1.30 on Linux. */
const BYTES_PER_NODE = 20 * 1024;
const BYTES_PER_SESSION = 2.5 * 2 ** 20;
/** A further thread of JavaScript with the runtime loaded. */
const BYTES_PER_REPLICA = 24 * 2 ** 20;

/** After so many, the arena grows no more. */
const RUNS = 3;

/** A step reads one set of the state and writes another. */
const STATE_SETS = 2;

/** How a run computes its steps. */
export interface Execution {
  readonly threads: number;
  /** Steps that are run in one go after the first ones, where threads don't share the batches; 1 for none. By batch size. */
  readonly stepsAtOnce: number | ((batchSize: number) => number);
  /** What symbols besides the batch stand for, such as `edges`. */
  readonly sizes?: Readonly<Record<string, number>> | undefined;
}

export interface MemoryEstimate {
  /** Parameters (as drawn, too), buffers, averages and optimiser moments in both sets; gradients that replicas hand over. */
  readonly stateBytes: number;
  /** The batches. */
  readonly inputBytes: number;
  /** What intermediate tensors make the runtime's arenas grow to, gaps included. */
  readonly arenaBytes: number;
  /** The loaded graphs. */
  readonly sessionBytes: number;
  readonly totalBytes: number;
}

/**
 * The most memory that a training process holds beside that of an idle one: the lowered step is followed node by node in
 * the runtime's order through a model of its allocator. Held against measurement by `npm run bench -- memory`.
 */
export function estimateTrainingMemory(
  model: CompilableModel,
  options: TrainStepOptions,
  batchSize: number,
  execution: Execution,
): MemoryEstimate {
  return new Estimator(model, options, execution).of(batchSize);
}

/**
 * The largest batch whose training step needs no more than `bytes`, at most `limit`; 0 if not even one sample fits.
 */
export function largestBatchThatFits(
  model: CompilableModel,
  options: TrainStepOptions,
  bytes: number,
  execution: Execution,
  limit = 65536,
): number {
  const estimator = new Estimator(model, options, execution);
  const fits = (batchSize: number): boolean => estimator.of(batchSize).totalBytes <= bytes;
  let [fitting, tooLarge] = [0, limit + 1];
  for (let size = 1; size <= limit && fits(size); size *= 2) fitting = size;
  tooLarge = Math.min(tooLarge, Math.max(1, fitting * 2));
  while (tooLarge - fitting > 1) {
    const middle = Math.floor((fitting + tooLarge) / 2);
    if (fits(middle)) fitting = middle;
    else tooLarge = middle;
  }
  return fitting;
}

/** What is loaded to compute a step, whatever the batch. */
interface Sessions {
  readonly state: readonly StateTensor[];
  readonly loaded: readonly LoadedGraph[];
  /** Bytes of all gradients, where they leave the graph they come from. */
  readonly gradientBytes: number;
}

interface LoadedGraph {
  readonly graph: OnnxGraph;
  /** Outputs that lie outside of the arena. */
  readonly placed: ReadonlySet<string>;
  /** How many there are. */
  readonly count: number;
  /** Which share of a batch each computes at a time. */
  readonly share: number;
  /** How often, for a batch. */
  readonly passes: number;
}

class Estimator {
  readonly #model: CompilableModel;
  readonly #options: TrainStepOptions;
  readonly #execution: Execution;
  readonly #known = new Map<string, Sessions>();

  constructor(model: CompilableModel, options: TrainStepOptions, execution: Execution) {
    this.#model = model;
    this.#options = options;
    this.#execution = execution;
  }

  of(batchSize: number): MemoryEstimate {
    const plan = planBatch(this.#model, this.#options, this.#execution.threads, batchSize);
    const { stepsAtOnce } = this.#execution;
    const atOnce = typeof stepsAtOnce === 'number' ? stepsAtOnce : stepsAtOnce(batchSize);
    const { state, loaded, gradientBytes } = this.#sessions(plan, atOnce > 1);
    const bytesOf = (entries: readonly StateTensor[]): number =>
      sum(entries.map(({ shape, dtype }) => elementCount(shape) * dataTypes[dtype].sizeBytes));
    const isState = new Set(state.map(({ name }) => name));
    let [arenaBytes, sessionBytes, inputBytes] = [0, 0, 0];
    for (const { graph, placed, count, share, passes } of loaded) {
      const sizes = { ...this.#execution.sizes, batch: Math.ceil(batchSize / share), steps: atOnce };
      arenaBytes += count * arenaOf(graph, placed, sizes);
      sessionBytes += count * sessionOf(graph);
      const data = graph.inputs.filter(({ name }) => !isState.has(name) && !isGradient(name));
      // Those of several steps in one go take the place of those of one; replicas read copies of their shares.
      const read = count * passes * sum(data.map((input) => bytesOfValue(valueIn(input, sizes))));
      inputBytes = share === 1 ? Math.max(inputBytes, read) : inputBytes + 2 * read - read / count;
    }
    // What the weights were drawn into is copied, and collected late.
    const drawnBytes = bytesOf(state.filter(({ kind }) => kind === 'parameter'));
    const stateBytes = STATE_SETS * bytesOf(state) + drawnBytes + gradientBytes;
    const updating = plan.updatesApart && isAdamAlone(this.#options) ? this.#execution.threads : 1;
    sessionBytes += (Math.max(plan.replicas, updating) - 1) * BYTES_PER_REPLICA;
    return {
      stateBytes,
      inputBytes,
      arenaBytes,
      sessionBytes,
      totalBytes: stateBytes + inputBytes + arenaBytes + sessionBytes,
    };
  }

  #sessions(plan: BatchPlan, inOneGo: boolean): Sessions {
    const key = plan.updatesApart ? `${plan.replicas} ${plan.partsEach}` : `whole ${inOneGo}`;
    const known = this.#known.get(key);
    if (known) return known;
    const made = plan.updatesApart ? this.#replicated(plan) : this.#whole(inOneGo);
    this.#known.set(key, made);
    return made;
  }

  #whole(inOneGo: boolean): Sessions {
    const options = { ...this.#options, stateInParts: true };
    const { onnx, state } = lowerTrainStep(this.#model, options);
    const placed = new Set(state.map(({ outputName }) => outputName));
    const single: LoadedGraph = { graph: onnx.graph, placed, count: 1, share: 1, passes: 1 };
    if (!inOneGo) return { state, loaded: [single], gradientBytes: 0 };
    const { graph } = lowerTrainStep(this.#model, { ...options, manySteps: true }).onnx;
    return { state, loaded: [single, { ...single, graph }], gradientBytes: 0 };
  }

  #replicated({ replicas, partsEach }: BatchPlan): Sessions {
    const parts = replicas * partsEach;
    const { backward, update, adam, state, gradients } = lowerReplicatedStep(this.#model, this.#options, parts);
    const outputsOf = ({ outputs }: OnnxGraph) => new Set(outputs.map(({ name }) => name));
    // The threads that share the batch do Adam's update themselves.
    const second = adam ? [] : [update().graph];
    return {
      state,
      loaded: [
        { graph: backward.graph, placed: outputsOf(backward.graph), count: replicas, share: parts, passes: partsEach },
        ...second.map((graph) => ({ graph, placed: outputsOf(graph), count: 1, share: 1, passes: 1 })),
      ],
      gradientBytes: 4 * parts * sum(gradients.map(({ shape }) => elementCount(shape))),
    };
  }
}

/** What a graph takes, loaded and run once, beside its inputs and the results of others. */
export const sessionMemory = (graph: OnnxGraph, sizes: SymbolSizes): number =>
  sessionOf(graph) + arenaOf(graph, new Set(), sizes);

function arenaOf(graph: OnnxGraph, placed: ReadonlySet<string>, sizes: SymbolSizes): number {
  const arena = new ArenaModel();
  const scope = new Map(
    graph.inputs.map((input) => [input.name, outside(valueIn(input, sizes), declaredShape(input))]),
  );
  const plan = new MemoryPlan(graph, scope, placed);
  // What the first run leaves behind lies differently from what the second asks for.
  for (let run = 0; run < RUNS; run++) plan.follow(arena);
  return arena.residentBytes;
}

function sessionOf(graph: OnnxGraph): number {
  const constantBytes = sum(graph.initializers.map((tensor) => tensor.data.byteLength));
  return BYTES_PER_SESSION + BYTES_PER_NODE * nodesOf(graph) + 2 * constantBytes;
}

/** Those of bodies included. */
function nodesOf({ nodes }: OnnxGraph): number {
  return sum(
    nodes.map(
      ({ attributes }) =>
        1 + sum(Object.values(attributes).map((value) => (value.kind === 'graph' ? nodesOf(value.value) : 0))),
    ),
  );
}

const valueIn = ({ dtype, shape }: OnnxValueInfo, sizes: SymbolSizes) => ({
  dtype,
  dims: shape.map((size) => dimensionSize(size, sizes)),
});

const isGradient = (name: string): boolean => name.startsWith('gradient.');

const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);
