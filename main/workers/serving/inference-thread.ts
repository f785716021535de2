import { parentPort, type TransferListItem } from 'node:worker_threads';
import { type ElementData, elementTensor, RuntimeSession } from '../../runtime/index.ts';
import type { ReadingGraph } from './token-reader.ts';
import { TokenWriter, type WritingOrder, type WrittenToken } from './token-writer.ts';

/** A tensor on its way between the threads; its memory moves along. */
export interface ThreadTensor {
  readonly name: string;
  readonly element: string;
  readonly dims: readonly number[];
  readonly data: ElementData;
}

export type ToThread =
  | {
      readonly type: 'load';
      readonly onnx: Uint8Array;
      readonly threads: number;
      /** Of a model that writes text, the graph that it does it by; `onnx` only where it is another one. */
      readonly generation?: ReadingGraph & { readonly onnx?: Uint8Array };
    }
  | { readonly type: 'run'; readonly number: number; readonly inputs: readonly ThreadTensor[] }
  | { readonly type: 'write'; readonly number: number; readonly order: WritingOrder }
  | { readonly type: 'stop'; readonly number: number }
  | { readonly type: 'end' };

export type FromThread =
  | { readonly type: 'loaded'; readonly inputNames: readonly string[]; readonly outputNames: readonly string[] }
  | { readonly type: 'load_failed'; readonly message: string }
  | { readonly type: 'ran'; readonly number: number; readonly outputs: readonly ThreadTensor[] }
  | { readonly type: 'wrote'; readonly number: number; readonly token: WrittenToken }
  | { readonly type: 'run_failed'; readonly number: number; readonly message: string };

/** The thread of one loaded model. A session blocks its thread while it computes: here that hurts nobody. */
export function runInferenceThread(): void {
  const port = parentPort;
  if (port === null) throw new Error('The inference thread was started as a program');
  const answer = (message: FromThread, transfer: readonly TransferListItem[] = []) =>
    port.postMessage(message, transfer);
  let session: RuntimeSession | undefined;
  let generation: { readonly session: RuntimeSession; readonly graph: ReadingGraph } | undefined;
  let queue = Promise.resolve();
  const enqueue = (work: () => Promise<void>): void => {
    queue = queue.then(work);
  };
  /** Numbers of what is being written; whoever takes one away stops it. */
  const writing = new Set<number>();

  /** One token at a time takes its turn, so that nobody waits for a whole text. */
  const write = async (number: number, writer: TokenWriter): Promise<void> => {
    if (!writing.has(number)) return;
    try {
      const token = await writer.next();
      answer({ type: 'wrote', number, token });
      if (token.last) writing.delete(number);
      else enqueue(() => write(number, writer));
    } catch (error) {
      writing.delete(number);
      answer({ type: 'run_failed', number, message: (error as Error).message });
    }
  };

  const handle = async (message: ToThread): Promise<void> => {
    if (message.type === 'load') {
      try {
        const settings = { provider: 'cpu', threads: message.threads } as const;
        session = await RuntimeSession.create(message.onnx, settings);
        if (message.generation !== undefined) {
          const { onnx, ...graph } = message.generation;
          generation = { session: onnx === undefined ? session : await RuntimeSession.create(onnx, settings), graph };
        }
        answer({ type: 'loaded', inputNames: session.inputNames, outputNames: session.outputNames });
      } catch (error) {
        answer({ type: 'load_failed', message: (error as Error).message });
      }
    } else if (message.type === 'run') {
      try {
        const outputs = await run(session, message.inputs);
        answer({ type: 'ran', number: message.number, outputs }, buffersOf(outputs));
      } catch (error) {
        answer({ type: 'run_failed', number: message.number, message: (error as Error).message });
      }
    } else if (message.type === 'write') {
      if (generation === undefined)
        answer({ type: 'run_failed', number: message.number, message: 'It writes no text.' });
      else await write(message.number, new TokenWriter(generation.session, generation.graph, message.order));
    } else if (message.type === 'end') {
      if (generation?.session !== session) await generation?.session.dispose();
      await session?.dispose();
      port.close();
    }
  };
  port.on('message', (message: ToThread) => {
    if (message.type === 'write') writing.add(message.number);
    if (message.type === 'stop') writing.delete(message.number);
    else enqueue(() => handle(message));
  });
}

/** What can be moved instead of copied: whole buffers, each once. */
export function buffersOf(tensors: readonly ThreadTensor[]): TransferListItem[] {
  const buffers = tensors.flatMap(({ data }) =>
    ArrayBuffer.isView(data) && data.buffer instanceof ArrayBuffer && data.byteLength === data.buffer.byteLength
      ? [data.buffer]
      : [],
  );
  return [...new Set(buffers)];
}

async function run(session: RuntimeSession | undefined, inputs: readonly ThreadTensor[]): Promise<ThreadTensor[]> {
  if (session === undefined) throw new Error('No model is loaded.');
  const feeds = Object.fromEntries(
    inputs.map(({ name, element, data, dims }) => [name, elementTensor(element, data, dims)]),
  );
  const outputs = await session.run(feeds);
  return Object.entries(outputs).map(([name, tensor]) => ({
    name,
    element: tensor.type,
    dims: tensor.dims,
    // The memory of an output belongs to the session's allocator: it must not be moved away.
    data: Array.isArray(tensor.data) ? tensor.data : (tensor.data as Float32Array).slice(),
  }));
}
