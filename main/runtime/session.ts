import { Tensor } from 'onnxruntime-node';
import { NATIVE_DOMAIN } from '../graph/index.ts';
import type { Backend, RuntimeFeeds, RuntimeTensor, SessionSettings } from './backend.ts';
import { BindingSession } from './binding-session.ts';
import { nativeRuntime } from './native.ts';
import { NativeSession } from './native-session.ts';
import { RuntimeError, toRuntimeError } from './runtime-error.ts';

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
