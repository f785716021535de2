import { setImmediate } from 'node:timers/promises';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { NATIVE_DOMAIN, withLeadingSequence } from '../graph/index.ts';
import { type NativeRuntime, type NativeTensor, nativeRuntime } from './native.ts';
import { type ProviderName, providers } from './provider.ts';
import { RuntimeError, toRuntimeError } from './runtime-error.ts';

/** A tensor in memory. `data` belongs to it: what a session wrote into may be written into again. */
export type RuntimeTensor = Tensor;
export type RuntimeFeeds = Readonly<Record<string, RuntimeTensor>>;

export interface SessionSettings {
  readonly provider: ProviderName;
  /** Threads of one operator; operators themselves run one after the other, so that sums keep their order. */
  readonly threads: number;
  /** Numbers below 1e-38 become 0: dying optimiser moments otherwise make every multiplication slow. */
  readonly flushDenormals?: boolean;
  /**
   * Threads look out for work without a pause while a run lasts: the operators of a dense network's training step then
   * begin a fifth sooner. For processes that do nothing but compute.
   */
  readonly spinning?: boolean;
  /** Every run says where each output goes: see `run`. Nothing is then copied. CPU only. */
  readonly outputsGiven?: boolean;
  /** Outputs that stay on the device, to be fed to a session there. Reading their numbers ends the process. */
  readonly onDevice?: readonly string[];
}

/**
 * The binding copies every output into a new tensor, even one that was given a place, one after the other: a step with
 * 94 MiB of state took 104 ms where 46 are needed, and 94 MiB more. It gives up at the first that is no tensor. So where
 * nobody wants a copy the graph gets such an output in front of all others; what was computed lies in its place by then.
 */
const STOP = 'no_copies';
const STOPPED = 'Non tensor type is temporarily not supported';

/** What sets threads and sums of every session of a CPU: keys and values of ONNX Runtime's session configuration. */
const entriesOf = ({ spinning, flushDenormals }: SessionSettings): Readonly<Record<string, '0' | '1'>> => ({
  // Threads that burn their core while they wait halve the speed of everything as soon as cores are scarce, so that they
  // stop at the end of every run at least.
  'session.intra_op.allow_spinning': spinning ? '1' : '0',
  'session.force_spinning_stop': '1',
  'session.set_denormal_as_zero': flushDenormals ? '1' : '0',
});

interface Backend {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** @param into a place for each output, or null */
  run(
    feeds: RuntimeFeeds,
    into: Readonly<Record<string, RuntimeTensor | null>>,
  ): Promise<Record<string, RuntimeTensor>>;
  dispose(): Promise<void>;
}

/**
 * A loaded graph. `run` blocks the calling JavaScript thread while it computes, so only worker processes may call it.
 */
export class RuntimeSession {
  readonly #backend: Backend;
  readonly #outputsGiven: boolean;

  private constructor(backend: Backend, outputsGiven = false) {
    this.#backend = backend;
    this.#outputsGiven = outputsGiven;
  }

  get inputNames(): readonly string[] {
    return this.#backend.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.#backend.outputNames;
  }

  /** @throws RuntimeError provider-unavailable, invalid-model, out-of-memory */
  static async create(onnx: Uint8Array, settings: SessionSettings): Promise<RuntimeSession> {
    const native = settings.provider === 'cpu' ? nativeRuntime() : null;
    try {
      // What nobody copies is what the addon is for, and its operators are known to its sessions only.
      const backend =
        native &&
        (settings.outputsGiven || Buffer.from(onnx.buffer, onnx.byteOffset, onnx.length).includes(NATIVE_DOMAIN))
          ? new NativeSession(native, onnx, settings)
          : await BindingSession.create(onnx, settings);
      return new RuntimeSession(backend, settings.outputsGiven);
    } catch (error) {
      throw toRuntimeError(settings.provider === 'cpu' ? 'invalid-model' : 'provider-unavailable', error);
    }
  }

  /**
   * Feeds that the graph does not know are left out.
   *
   * @param into tensors of the right shape to write outputs into instead of new ones; they are what comes back. All of
   *   them where `outputsGiven` is set
   * @throws RuntimeError run-failed, out-of-memory
   */
  async run(feeds: RuntimeFeeds, into: RuntimeFeeds = {}): Promise<Record<string, RuntimeTensor>> {
    const known: Record<string, RuntimeTensor> = {};
    for (const name of this.inputNames) if (feeds[name] !== undefined) known[name] = feeds[name];
    const places: Record<string, RuntimeTensor | null> = {};
    for (const name of this.outputNames) places[name] = into[name] ?? null;
    const missing = this.#outputsGiven ? this.outputNames.filter((name) => places[name] === null) : [];
    if (missing.length > 0)
      throw new RuntimeError('run-failed', `The outputs ${missing.join(', ')} were given no place.`);
    try {
      return await this.#backend.run(known, places);
    } catch (error) {
      throw error instanceof RuntimeError ? error : toRuntimeError('run-failed', error);
    }
  }

  async dispose(): Promise<void> {
    await this.#backend.dispose();
  }
}

/** Element types by ONNX Runtime's names, as ONNX numbers them, and the arrays that hold them. */
const ELEMENTS = {
  float32: [1, Float32Array],
  uint8: [2, Uint8Array],
  int8: [3, Int8Array],
  int32: [6, Int32Array],
  int64: [7, BigInt64Array],
  bool: [9, Uint8Array],
  float16: [10, Uint16Array],
  float64: [11, Float64Array],
} as const;
const NAMES = new Map(Object.entries(ELEMENTS).map(([name, [code, kind]]) => [code as number, { name, kind }]));

/** A session of the addon: outputs are written where they are wanted, without a copy. */
class NativeSession implements Backend {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly #native: NativeRuntime;
  readonly #session: unknown;

  constructor(native: NativeRuntime, onnx: Uint8Array, settings: SessionSettings) {
    this.#native = native;
    const [session, inputs, outputs] = native.create(
      onnx,
      settings.threads,
      Object.entries(entriesOf(settings)).flat(),
    );
    this.#session = session;
    this.inputNames = inputs;
    this.outputNames = outputs;
  }

  async run(
    feeds: RuntimeFeeds,
    into: Readonly<Record<string, RuntimeTensor | null>>,
  ): Promise<Record<string, RuntimeTensor>> {
    const inputs = this.inputNames.map((name) => {
      if (feeds[name] === undefined) throw new RuntimeError('run-failed', `The input ${name} is missing.`);
      return described(feeds[name]);
    });
    const places = this.outputNames.map((name) => into[name] ?? null);
    // Otherwise messages, such as to pause, would wait for the end of a training.
    await setImmediate();
    const made = this.#native.run(
      this.#session,
      inputs,
      places.map((place) => place && described(place)),
    );
    const results: Record<string, RuntimeTensor> = {};
    for (const [index, name] of this.outputNames.entries()) results[name] = places[index] ?? tensorOf(made[index]);
    return results;
  }

  async dispose(): Promise<void> {
    this.#native.dispose(this.#session);
  }
}

function described({ type, data, dims }: RuntimeTensor): NativeTensor {
  const element = ELEMENTS[type as keyof typeof ELEMENTS];
  if (element === undefined) throw new RuntimeError('run-failed', `Tensors of ${type} cannot be fed here.`);
  return [element[0], data as ArrayBufferView, dims];
}

function tensorOf([code, buffer, dims]: ReturnType<NativeRuntime['run']>[number]): RuntimeTensor {
  const element = NAMES.get(code);
  if (element === undefined) throw new RuntimeError('run-failed', `An output has the unknown element type ${code}.`);
  return new Tensor(element.name as 'float32', new element.kind(buffer) as Float32Array, dims);
}

/** A session of onnxruntime-node. */
class BindingSession implements Backend {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly #session: InferenceSession;
  readonly #stops: boolean;

  private constructor(session: InferenceSession) {
    this.#session = session;
    this.#stops = session.outputNames.includes(STOP);
    this.inputNames = session.inputNames;
    this.outputNames = session.outputNames.filter((name) => name !== STOP);
  }

  static async create(onnx: Uint8Array, settings: SessionSettings): Promise<BindingSession> {
    const entries = entriesOf(settings);
    const session = await InferenceSession.create(settings.outputsGiven ? withLeadingSequence(onnx, STOP) : onnx, {
      executionProviders: [...providers[settings.provider].executionProviders(onnx)],
      intraOpNumThreads: settings.threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      // A pattern is a second block beside what the arena of the first run holds: a convolutional step needs 142 MiB
      // without and 219 MiB with it, and takes as long.
      enableMemPattern: false,
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
      ...(settings.onDevice === undefined
        ? {}
        : { preferredOutputLocation: Object.fromEntries(settings.onDevice.map((name) => [name, 'gpu-buffer'])) }),
      extra: entries,
    });
    return new BindingSession(session);
  }

  async run(
    feeds: RuntimeFeeds,
    into: Readonly<Record<string, RuntimeTensor | null>>,
  ): Promise<Record<string, RuntimeTensor>> {
    if (this.#stops) return this.#runWithoutCopies(feeds, into);
    const results = (await this.#session.run(feeds, into)) as Record<string, RuntimeTensor>;
    for (const name of this.outputNames) if (into[name]) results[name] = release(results[name], into[name]);
    return results;
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }

  async #runWithoutCopies(
    feeds: RuntimeFeeds,
    into: Readonly<Record<string, RuntimeTensor | null>>,
  ): Promise<Record<string, RuntimeTensor>> {
    try {
      await this.#session.run(feeds, { [STOP]: null, ...into });
    } catch (error) {
      if (!(error instanceof Error && error.message.includes(STOPPED))) throw toRuntimeError('run-failed', error);
    }
    return into as Record<string, RuntimeTensor>;
  }
}

/**
 * The binding copies an output that was written into a given tensor into a new one as well. Nobody wants the copy, and
 * garbage collection would let the state of a training run pile up several times before it looked: its memory is given
 * back at once.
 */
function release(copy: RuntimeTensor | undefined, given: RuntimeTensor): RuntimeTensor {
  if (copy === undefined || copy === given || !ArrayBuffer.isView(copy.data)) return given;
  const { buffer } = copy.data;
  if (buffer instanceof ArrayBuffer && buffer !== (given.data as Float32Array).buffer) buffer.transfer(0);
  return given;
}

export function float32Tensor(data: Float32Array, dims: readonly number[]): RuntimeTensor {
  return new Tensor('float32', data, dims);
}

export function int64Tensor(data: BigInt64Array, dims: readonly number[]): RuntimeTensor {
  return new Tensor('int64', data, dims);
}

export function int32Scalar(value: number): RuntimeTensor {
  return new Tensor('int32', Int32Array.of(value), []);
}

export function float32Scalar(value: number): RuntimeTensor {
  return new Tensor('float32', Float32Array.of(value), []);
}

export function uint8Tensor(data: Uint8Array, dims: readonly number[]): RuntimeTensor {
  return new Tensor('uint8', data, dims);
}

/** The numbers of a float32 output. */
export function floats(tensor: RuntimeTensor | undefined, name: string): Float32Array {
  if (tensor === undefined || !(tensor.data instanceof Float32Array))
    throw toRuntimeError('run-failed', new Error(`The graph has no float32 output called ${name}.`));
  return tensor.data;
}
