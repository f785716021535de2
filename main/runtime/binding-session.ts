import { InferenceSession } from 'onnxruntime-node';
import { withLeadingSequence } from '../graph/index.ts';
import { type Backend, entriesOf, type RuntimeFeeds, type RuntimeTensor, type SessionSettings } from './backend.ts';
import { providers } from './provider.ts';
import { toRuntimeError } from './runtime-error.ts';

/**
 * The binding copies every output into a new tensor, even one that was given a place, one after the other: a step with
 * 94 MiB of state took 104 ms where 46 are needed, and 94 MiB more. It gives up at the first that is no tensor. So where
 * nobody wants a copy the graph gets such an output in front of all others; what was computed lies in its place by then.
 */
const STOP = 'no_copies';
const STOPPED = 'Non tensor type is temporarily not supported';

/** A session of onnxruntime-node. */
export class BindingSession implements Backend {
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
