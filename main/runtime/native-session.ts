import { setImmediate } from 'node:timers/promises';
import { Tensor } from 'onnxruntime-node';
import { type Backend, entriesOf, type RuntimeFeeds, type RuntimeTensor, type SessionSettings } from './backend.ts';
import type { NativeRuntime, NativeTensor } from './native.ts';
import { RuntimeError } from './runtime-error.ts';

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
/** What ONNX calls texts; they come in, but do not go out. */
const TEXT = 8;
const NAMES = new Map(Object.entries(ELEMENTS).map(([name, [code, kind]]) => [code as number, { name, kind }]));

/** By then everything that a step reads and writes is in memory, and it is no mere trial: gathering takes a millisecond a MiB. */
const SETTLED_RUNS = 8;

/** A session of the addon: outputs are written where they are wanted, without a copy. */
export class NativeSession implements Backend {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly #native: NativeRuntime;
  readonly #session: unknown;
  readonly #gathersPages: boolean;
  #runs = 0;

  constructor(native: NativeRuntime, onnx: Uint8Array, settings: SessionSettings) {
    this.#native = native;
    const [session, inputs, outputs] = native.create(
      onnx,
      settings.threads,
      Object.entries(entriesOf(settings)).flat(),
    );
    this.#session = session;
    // Sessions that are given their outputs are run again and again.
    this.#gathersPages = settings.outputsGiven ?? false;
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
    this.#runs++;
    if (this.#gathersPages && this.#runs === SETTLED_RUNS) this.#native.gatherPages();
    const results: Record<string, RuntimeTensor> = {};
    for (const [index, name] of this.outputNames.entries()) results[name] = places[index] ?? tensorOf(made[index]);
    return results;
  }

  async dispose(): Promise<void> {
    this.#native.dispose(this.#session);
  }
}

function described({ type, data, dims }: RuntimeTensor): NativeTensor {
  if (type === 'string') return [TEXT, data as string[], dims];
  const element = ELEMENTS[type as keyof typeof ELEMENTS];
  if (element === undefined) throw new RuntimeError('run-failed', `Tensors of ${type} cannot be fed here.`);
  return [element[0], data as ArrayBufferView, dims];
}

function tensorOf([code, buffer, dims]: ReturnType<NativeRuntime['run']>[number]): RuntimeTensor {
  const element = NAMES.get(code);
  if (element === undefined) throw new RuntimeError('run-failed', `An output has the unknown element type ${code}.`);
  return new Tensor(element.name as 'float32', new element.kind(buffer) as Float32Array, dims);
}
