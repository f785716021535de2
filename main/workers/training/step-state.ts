import { compileCopy, type StateTensor } from '../../graph/index.ts';
import {
  float32Tensor,
  floats,
  type RuntimeFeeds,
  RuntimeSession,
  type RuntimeTensor,
  type SessionSettings,
} from '../../runtime/index.ts';

/** A tensor of the state without the numbers that it began with, which would lie in memory for as long as the run lasts. */
export type StateEntry = Omit<StateTensor, 'initial'>;

export type StateValues = ReadonlyMap<string, Float32Array>;
type Results = Readonly<Record<string, RuntimeTensor>>;

/** The state of a run between its steps, wherever it lies. */
export interface StepState {
  /** Which of two sets of tensors `current` is, where there are two. */
  readonly set: 0 | 1;
  /** By name, as the next step reads it; valid until then. */
  readonly current: ReadonlyMap<string, RuntimeTensor>;
  /** By output name, what a step writes into; none where the device makes its own. */
  into(): RuntimeFeeds;
  /** What a step wrote is the state from now on. */
  advance(results: Results): void;
  /** What a step wrote is of no use: the state stays as it was. */
  discard(results: Results): void;
  /** The numbers; views, valid until the next step. */
  read(): Promise<StateValues>;
  /** The numbers before the last step. */
  readBefore(): Promise<StateValues>;
  dispose(): Promise<void>;
}

export type TensorSet = ReadonlyMap<string, RuntimeTensor>;

/**
 * State in the memory of this process. Every tensor exists twice: a step reads one and writes the other, so that no step
 * allocates, and a step that failed has not touched the state.
 */
export class HostState implements StepState {
  readonly #entries: readonly StateEntry[];
  readonly #sets: readonly [TensorSet, TensorSet];
  #set: 0 | 1 = 0;

  /** @param sets the state as it is, and room for what comes next */
  constructor(entries: readonly StateEntry[], sets: readonly [TensorSet, TensorSet]) {
    this.#entries = entries;
    this.#sets = sets;
  }

  get set(): 0 | 1 {
    return this.#set;
  }

  get current(): TensorSet {
    return this.#sets[this.#set];
  }

  into(): RuntimeFeeds {
    const spare = this.#spare;
    return Object.fromEntries(
      this.#entries.map(({ name, outputName }) => [outputName, spare.get(name) as RuntimeTensor]),
    );
  }

  advance(): void {
    this.#set = this.#set === 0 ? 1 : 0;
  }

  discard(): void {}

  async read(): Promise<StateValues> {
    return valuesOf(this.current);
  }

  async readBefore(): Promise<StateValues> {
    return valuesOf(this.#spare);
  }

  async dispose(): Promise<void> {}

  get #spare(): TensorSet {
    return this.#sets[this.#set === 0 ? 1 : 0];
  }
}

/**
 * State that stays on the device from the first step on: only figures and batches cross over. What the last step replaced
 * is kept until the next one.
 */
export class DeviceState implements StepState {
  readonly set = 0;
  readonly #entries: readonly StateTensor[];
  readonly #settings: SessionSettings;
  #current: Map<string, RuntimeTensor>;
  #before = new Map<string, RuntimeTensor>();
  #reader: RuntimeSession | null = null;

  constructor(entries: readonly StateTensor[], values: StateValues | null, settings: SessionSettings) {
    this.#entries = entries;
    this.#settings = settings;
    this.#current = new Map(
      entries.map(({ name, shape, initial }) => [name, float32Tensor((values?.get(name) ?? initial).slice(), shape)]),
    );
  }

  get current(): ReadonlyMap<string, RuntimeTensor> {
    return this.#current;
  }

  into(): RuntimeFeeds {
    return {};
  }

  advance(results: Results): void {
    release(this.#before.values());
    this.#before = this.#current;
    this.#current = new Map(this.#entries.map(({ name, outputName }) => [name, results[outputName] as RuntimeTensor]));
  }

  discard(results: Results): void {
    release(this.#entries.map(({ outputName }) => results[outputName] as RuntimeTensor));
  }

  read(): Promise<StateValues> {
    return this.#read(this.#current);
  }

  readBefore(): Promise<StateValues> {
    return this.#read(this.#before);
  }

  async dispose(): Promise<void> {
    release([...this.#before.values(), ...this.#current.values()]);
    await this.#reader?.dispose();
  }

  /** A tensor on a device cannot be asked for its numbers: a session copies it into memory. */
  async #read(tensors: ReadonlyMap<string, RuntimeTensor>): Promise<StateValues> {
    if (![...tensors.values()].some(isOnDevice)) return valuesOf(tensors);
    this.#reader ??= await RuntimeSession.create(compileCopy(this.#entries).onnx, this.#settings);
    const results = await this.#reader.run(Object.fromEntries(tensors));
    return new Map(this.#entries.map(({ name }) => [name, floats(results[`copy.${name}`], name)]));
  }
}

const isOnDevice = (tensor: RuntimeTensor): boolean => tensor.location === 'gpu-buffer';

function release(tensors: Iterable<RuntimeTensor>): void {
  for (const tensor of tensors) if (isOnDevice(tensor)) tensor.dispose();
}

function valuesOf(tensors: ReadonlyMap<string, RuntimeTensor>): StateValues {
  return new Map([...tensors].map(([name, tensor]) => [name, floats(tensor, name)]));
}
