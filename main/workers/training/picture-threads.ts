import { extname, join } from 'node:path';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { Preprocessing } from '../../contract/checkpoint.ts';
import { type ErrorRecord, LightbenchError } from '../../contract/errors.ts';
import type { PictureCache } from './picture-cache.ts';

/** What a thread starts with. */
export interface PicturesTask extends PictureSource {
  readonly port: MessagePort;
  readonly cache: PictureCache | null;
}

/** Where pictures lie, and what is made of them. */
export interface PictureSource {
  readonly workspaceFolder: string;
  readonly manifestDigest: string;
  readonly preprocessing: Extract<Preprocessing, { kind: 'image' }>;
}

/** Null when the numbers are there, else what went wrong; in the order of the requests. */
export type PicturesAnswer = ErrorRecord | null;

export interface PicturesRequest {
  readonly items: Int32Array;
  /** In shared memory, one sample after the other. */
  readonly into: Float32Array;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** The threads' entry lies among the workers: one folder up in the sources, beside the folder of shared parts when built. */
const EXTENSION = extname(import.meta.filename);
const PROGRAM = join(import.meta.dirname, EXTENSION === '.ts' ? '..' : '../workers', `pictures${EXTENSION}`);

/** Threads that decode and prepare pictures, whatever the thread that asks is busy with. */
export class PictureThreads {
  readonly #threads: readonly PictureThread[];

  /** @param cache of prepared pictures, which is to be closed after the threads */
  constructor(source: PictureSource, count: number, cache: PictureCache | null = null) {
    this.#threads = Array.from({ length: count }, () => new PictureThread(source, cache));
  }

  /**
   * @param into in shared memory; what it holds is right once the promise is kept
   * @throws LightbenchError what the thread said; worker.crashed when it ended, job.cancelled when it was closed
   */
  prepare(items: Int32Array, into: Float32Array): Promise<void> {
    const idlest = this.#threads.reduce((best, thread) => (thread.pending < best.pending ? thread : best));
    return idlest.prepare({ items, into });
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}

class PictureThread {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  /** In the order of their requests, which is that of the answers. */
  readonly #waiting: Waiting[] = [];
  #failure: LightbenchError | undefined;

  constructor({ workspaceFolder, manifestDigest, preprocessing }: PictureSource, cache: PictureCache | null) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const task: PicturesTask = { port: port2, workspaceFolder, manifestDigest, preprocessing, cache };
    this.#worker = new Worker(PROGRAM, { workerData: task, transferList: [port2], argv: [] });
    this.#port.on('message', (answer: PicturesAnswer) => {
      const waiting = this.#waiting.shift();
      if (answer === null) waiting?.resolve();
      else waiting?.reject(LightbenchError.fromRecord(answer));
    });
    this.#worker.on('error', (error) => this.#fail(LightbenchError.from(error)));
    this.#worker.on('exit', () =>
      this.#fail(new LightbenchError('worker.crashed', 'A thread that prepares pictures ended unexpectedly.')),
    );
  }

  get pending(): number {
    return this.#waiting.length;
  }

  prepare(request: PicturesRequest): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#port.postMessage(request);
    });
  }

  async close(): Promise<void> {
    this.#fail(new LightbenchError('job.cancelled', 'The pictures are no longer wanted.'));
    this.#port.close();
    await this.#worker.terminate();
  }

  #fail(error: LightbenchError): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}
