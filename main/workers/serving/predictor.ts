import { Worker } from 'node:worker_threads';
import { LightbenchError } from '../../contract/errors.ts';
import type { OpenBundle } from '../../formats/bundle/bundle-folder.ts';
import {
  datatypeOfElement,
  elementCount,
  elementOfDatatype,
  isDatatype,
  numericRow,
  type Tensor,
} from '../../formats/open-inference/datatype.ts';
import { buffersOf, type FromThread, type ThreadTensor, type ToThread } from './inference-thread.ts';
import { INFERENCE_THREAD } from './thread-role.ts';
import type { WritingOrder, WrittenToken } from './token-writer.ts';

/** A bundle whose graph the thread has taken. */
export type ServedBundle = Omit<OpenBundle, 'onnx'>;

interface Waiting {
  readonly resolve: (outputs: Tensor[]) => void;
  readonly reject: (error: Error) => void;
  /** Of a text: each token as it comes. */
  readonly onToken?: (token: WrittenToken) => void;
}

/** One loaded model in a thread of its own. `run` is the one place where requests could be gathered into batches. */
export class Predictor {
  readonly bundle: ServedBundle;
  readonly #thread: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #idle: (() => void)[] = [];
  #next = 0;
  #ended = false;

  private constructor(bundle: ServedBundle, thread: Worker) {
    this.bundle = bundle;
    this.#thread = thread;
    thread.on('message', (message: FromThread) => this.#hear(message));
    thread.on('error', (error) => this.#fail(error));
    thread.on('exit', () => this.#fail(new Error('The inference thread ended.')));
  }

  /**
   * Loads the model and runs it once, so that the first request is no slower than the others.
   *
   * @param programPath of this very program, which is also the program of the thread
   * @throws LightbenchError bundle.damaged when ONNX Runtime does not take the graph or it is not what the signature says
   */
  static async load(bundle: OpenBundle, programPath: string, threads: number): Promise<Predictor> {
    const thread = new Worker(programPath, { workerData: INFERENCE_THREAD, argv: [] });
    try {
      const loaded = await new Promise<FromThread>((resolve, reject) => {
        thread.once('message', resolve);
        thread.once('error', reject);
        const onnx = new Uint8Array(bundle.onnx);
        const { generation } = bundle;
        const load: ToThread = { type: 'load', onnx, threads, ...(generation === undefined ? {} : { generation }) };
        thread.postMessage(load, [onnx.buffer]);
      });
      if (loaded.type !== 'loaded')
        throw new Error(loaded.type === 'load_failed' ? loaded.message : `The thread said ${loaded.type}.`);
      const { inputs, outputs } = bundle.signature;
      const missing = [
        ...inputs.filter(({ name }) => !loaded.inputNames.includes(name)),
        ...outputs.filter(({ name }) => !loaded.outputNames.includes(name)),
      ];
      if (missing.length > 0) throw new Error(`The graph has no ${missing.map(({ name }) => name).join(', ')}.`);
      const { onnx: _, ...served } = bundle;
      const predictor = new Predictor(served, thread);
      await predictor.run(inputs.map(warmUpInput));
      return predictor;
    } catch (error) {
      await thread.terminate();
      throw new LightbenchError('bundle.damaged', `The model cannot be loaded: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  get dead(): boolean {
    return this.#ended;
  }

  /** Requests that wait for their answer. */
  get pending(): number {
    return this.#waiting.size;
  }

  /** The memory of the inputs moves to the thread. */
  run(inputs: readonly Tensor[]): Promise<Tensor[]> {
    if (this.#ended) return Promise.reject(new Error('The inference thread has ended.'));
    const number = this.#next++;
    const tensors: ThreadTensor[] = inputs.map(({ name, datatype, shape, data }) => ({
      name,
      element: elementOfDatatype(datatype),
      dims: shape,
      data,
    }));
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      const message: ToThread = { type: 'run', number, inputs: tensors };
      this.#thread.postMessage(message, buffersOf(tensors));
    });
  }

  /**
   * Goes on with a text. Resolves when it is written, or once `signal` aborts.
   *
   * @param onToken hears of each token as soon as it is there
   */
  write(order: WritingOrder, onToken: (token: WrittenToken) => void, signal: AbortSignal): Promise<void> {
    if (this.#ended) return Promise.reject(new Error('The inference thread has ended.'));
    if (signal.aborted) return Promise.resolve();
    const number = this.#next++;
    const post = (message: ToThread) => this.#thread.postMessage(message);
    return new Promise((resolve, reject) => {
      const stop = () => {
        post({ type: 'stop', number });
        this.#settle(number);
        resolve();
      };
      signal.addEventListener('abort', stop, { once: true });
      const end = (then: () => void) => {
        signal.removeEventListener('abort', stop);
        then();
      };
      this.#waiting.set(number, { onToken, resolve: () => end(resolve), reject: (error) => end(() => reject(error)) });
      post({ type: 'write', number, order });
    });
  }

  /** Answers what it has taken, then ends its thread. */
  async drain(): Promise<void> {
    if (this.#waiting.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    if (this.#ended) return;
    this.#ended = true;
    const ended = new Promise((resolve) => this.#thread.once('exit', resolve));
    const message: ToThread = { type: 'end' };
    this.#thread.postMessage(message);
    await ended;
  }

  #hear(message: FromThread): void {
    if (message.type === 'wrote') {
      this.#waiting.get(message.number)?.onToken?.(message.token);
      if (message.token.last) this.#settle(message.number)?.resolve([]);
    } else if (message.type === 'ran') this.#settle(message.number)?.resolve(message.outputs.map(toTensor));
    else if (message.type === 'run_failed') this.#settle(message.number)?.reject(new Error(message.message));
  }

  #settle(number: number): Waiting | undefined {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (this.#waiting.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
    return waiting;
  }

  #fail(error: Error): void {
    this.#ended = true;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

function toTensor({ name, element, dims, data }: ThreadTensor): Tensor {
  const datatype = datatypeOfElement(element);
  if (datatype === undefined) throw new Error(`The output ${name} is ${element}, which the protocol does not have.`);
  return { name, datatype, shape: dims, data: data as Tensor['data'] };
}

/** Zeros, or what whole numbers begin at, in the shape of the signature, one wherever it leaves the size open. */
function warmUpInput(specification: OpenBundle['signature']['inputs'][number]): Tensor {
  const { name, datatype } = specification;
  if (!isDatatype(datatype)) throw new Error(`The input ${name} has the unknown datatype ${datatype}.`);
  // Pictures of any size are tried with a size that convolutions and pools survive.
  const shape = specification.shape.map((size, dimension) => (size !== -1 ? size : dimension === 0 ? 1 : 64));
  const count = elementCount(shape);
  const data = datatype === 'BYTES' ? Array<string>(count).fill('') : numericRow(datatype).make(count);
  if (data instanceof BigInt64Array) data.fill(BigInt(specification.values?.from ?? 0));
  return { name, datatype, shape, data };
}
