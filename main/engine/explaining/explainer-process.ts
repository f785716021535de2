import { LightbenchError } from '../../contract/errors.ts';
import { type ExplainReply, type ExplainRequest, explainReply } from '../../contract/explaining-worker.ts';
import type { EngineContext } from '../core/context.ts';
import { startWorker, type WorkerProcess } from '../processes/worker-process.ts';

const IDLE_MS = 3 * 60_000;

interface Waiting {
  resolve(reply: Extract<ExplainReply, { ok: true }>): void;
  reject(error: LightbenchError): void;
}

/** One process for explanations, started by the first request, ended after some minutes without any. */
export class ExplainerProcess {
  readonly #context: EngineContext;
  readonly #threads: number;
  readonly #waiting = new Map<number, Waiting>();
  #process: { readonly worker: WorkerProcess; readonly abort: AbortController } | null = null;
  #idle: NodeJS.Timeout | undefined;
  #number = 0;

  constructor(context: EngineContext, threads: number) {
    this.#context = context;
    this.#threads = threads;
  }

  /** @throws LightbenchError what the process says, or worker.crashed when it dies */
  explain(request: Omit<ExplainRequest, 'type' | 'number'>): Promise<Extract<ExplainReply, { ok: true }>> {
    const number = this.#number++;
    clearTimeout(this.#idle);
    const { worker } = this.#start();
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      worker.send({ ...request, type: 'explain', number });
    });
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const running = this.#process;
    this.#process = null;
    running?.abort.abort();
    await running?.worker.result.catch(() => {});
  }

  #start(): { readonly worker: WorkerProcess } {
    if (this.#process !== null) return this.#process;
    const abort = new AbortController();
    const worker = startWorker({
      entry: this.#context.workerEntry,
      name: 'explainer',
      input: { workspaceFolder: this.#context.workspace.folder, threads: this.#threads },
      messages: explainReply,
      onMessage: (reply) => {
        const waiting = this.#waiting.get(reply.number);
        this.#waiting.delete(reply.number);
        if (reply.ok) waiting?.resolve(reply);
        else waiting?.reject(LightbenchError.fromRecord(reply.error));
        if (this.#waiting.size === 0) this.#idle = setTimeout(() => void this.close(), IDLE_MS).unref();
      },
      signal: abort.signal,
    });
    const started = { worker, abort };
    this.#process = started;
    const ended = (error: LightbenchError) => {
      if (this.#process === started) this.#process = null;
      for (const waiting of this.#waiting.values()) waiting.reject(error);
      this.#waiting.clear();
    };
    worker.result.then(
      () => ended(new LightbenchError('worker.crashed', 'The explanation process was ended.')),
      (error: unknown) => ended(LightbenchError.from(error)),
    );
    return started;
  }
}
