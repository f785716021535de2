import { isoTime } from '../../base/clock.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { Deployment, PredictionRecord } from '../../contract/serving.ts';
import { type ModelServerInput, type ModelServerMessage, modelServerMessage } from '../../contract/serving-worker.ts';
import type { EngineContext } from '../core/context.ts';
import { startWorker, type WorkerProcess } from '../processes/worker-process.ts';

const HOST = '127.0.0.1';
const FIRST_RESTART_MS = 500;
const LONGEST_RESTART_MS = 30_000;
/** After so many starts that did not last, somebody has to look. */
const MOST_RESTARTS = 6;
/** A server that ran this long was healthy: the next crash counts as its first. */
const HEALTHY_MS = 30_000;

export interface ServedBundle {
  readonly folder: string;
  readonly digest: string;
}

export interface EndpointPort {
  /** Where to listen if it is free; null = anywhere. */
  readonly wanted: number | null;
  /** Listening elsewhere is a failure. */
  readonly fixed: boolean;
}

export interface EndpointListener {
  predictions(records: readonly PredictionRecord[]): void;
  changed(): void;
}

interface Server {
  readonly worker: WorkerProcess;
  readonly stop: AbortController;
  readonly port: number;
  readonly switches: Map<number, { resolve: () => void; reject: (error: Error) => void }>;
}

/** The model server of one endpoint: its process, started again when it dies. */
export class Endpoint {
  readonly name: string;
  readonly #context: EngineContext;
  readonly #listener: EndpointListener;
  #state: Deployment['state'] = 'STOPPED';
  #error: string | null = null;
  #server: Server | undefined;
  #bundle: ServedBundle | undefined;
  #port: EndpointPort = { wanted: null, fixed: false };
  #startedAt: string | null = null;
  #readySinceMs = 0;
  #restarts = 0;
  #restartTimer: NodeJS.Timeout | undefined;
  #restarting: Promise<void> = Promise.resolve();
  #nextSwitch = 0;

  constructor(context: EngineContext, name: string, listener: EndpointListener) {
    this.#context = context;
    this.name = name;
    this.#listener = listener;
  }

  get state(): Deployment['state'] {
    return this.#state;
  }

  get error(): string | null {
    return this.#error;
  }

  get port(): number | null {
    return this.#server?.port ?? null;
  }

  get url(): string | null {
    return this.#server === undefined ? null : `http://${HOST}:${this.#server.port}`;
  }

  get processId(): number | null {
    return this.#server?.worker.processId ?? null;
  }

  get startedAt(): string | null {
    return this.#startedAt;
  }

  /**
   * Starts a server; one that already runs goes on until the new one answers. Resolves when it is ready.
   *
   * @throws LightbenchError bundle.damaged, deployment.port_in_use, worker.crashed
   */
  async start(bundle: ServedBundle, port: EndpointPort): Promise<void> {
    clearTimeout(this.#restartTimer);
    const old = this.#server;
    if (old === undefined) this.#become('STARTING', null);
    await this.#restarting;
    try {
      const server = await this.#launch(bundle, port);
      this.#bundle = bundle;
      this.#port = { wanted: server.port, fixed: port.fixed };
      this.#restarts = 0;
      this.#use(server);
    } catch (error) {
      if (old === undefined) this.#become('FAILED', (error as Error).message);
      throw error;
    }
    if (old !== undefined) await end(old);
  }

  /** Exchanges the model of the running server. @throws LightbenchError bundle.damaged; the old model then stays. */
  async switchTo(bundle: ServedBundle): Promise<void> {
    const server = this.#server;
    if (server === undefined) throw new LightbenchError('deployment.not_ready', `${this.name} is ${this.#state}.`);
    const number = this.#nextSwitch++;
    await new Promise<void>((resolve, reject) => {
      server.switches.set(number, { resolve, reject });
      server.worker.send({ type: 'switch', number, bundleFolder: bundle.folder, bundleDigest: bundle.digest });
    });
    this.#bundle = bundle;
    this.#listener.changed();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#restartTimer);
    const server = this.#server;
    this.#server = undefined;
    this.#become('STOPPED', null);
    await this.#restarting;
    if (server !== undefined) await end(server);
  }

  async #launch(bundle: ServedBundle, port: EndpointPort): Promise<Server> {
    try {
      return await this.#launchAt(bundle, port.wanted ?? 0);
    } catch (error) {
      const taken = error instanceof LightbenchError && error.code === 'deployment.port_in_use';
      if (!taken || port.fixed || port.wanted === null) throw error;
      return this.#launchAt(bundle, 0);
    }
  }

  async #launchAt(bundle: ServedBundle, port: number): Promise<Server> {
    const stop = new AbortController();
    const switches: Server['switches'] = new Map();
    const input: ModelServerInput = {
      endpoint: this.name,
      bundleFolder: bundle.folder,
      bundleDigest: bundle.digest,
      host: HOST,
      port,
    };
    return new Promise((resolve, reject) => {
      const hear = (message: ModelServerMessage) => {
        if (message.kind === 'predictions') this.#listener.predictions(message.records);
        else if (message.kind === 'ready') resolve({ worker, stop, port: message.port, switches });
        else {
          const waiting = switches.get(message.number);
          switches.delete(message.number);
          if (message.kind === 'switched') waiting?.resolve();
          else waiting?.reject(LightbenchError.fromRecord(message.error));
        }
      };
      const worker = startWorker({
        entry: this.#context.workerEntry,
        name: 'model-server',
        input,
        messages: modelServerMessage,
        onMessage: hear,
        signal: stop.signal,
      });
      const fail = (error: Error) => {
        for (const waiting of switches.values()) waiting.reject(error);
        switches.clear();
        reject(error);
      };
      worker.result.then(() => fail(new LightbenchError('worker.crashed', 'The model server ended by itself.')), fail);
    });
  }

  #use(server: Server): void {
    this.#server = server;
    this.#startedAt = isoTime(this.#context.clock);
    this.#readySinceMs = performance.now();
    this.#become('READY', null);
    const died = (error: Error) => {
      if (this.#server === server) this.#died(error);
    };
    // It may have died since it said it was ready: then this fires at once.
    server.worker.result.then(
      () => died(new LightbenchError('worker.crashed', 'The model server ended by itself.')),
      died,
    );
  }

  /** A server that was in use has ended without being asked to. */
  #died(error: Error): void {
    this.#server = undefined;
    if (performance.now() - this.#readySinceMs > HEALTHY_MS) this.#restarts = 0;
    this.#restartLater(error);
  }

  #restartLater(error: Error): void {
    const bundle = this.#bundle;
    if (bundle === undefined || this.#restarts >= MOST_RESTARTS) {
      this.#become('FAILED', `${error.message} It was started ${this.#restarts} times in vain.`);
      return;
    }
    const waitMs = Math.min(LONGEST_RESTART_MS, FIRST_RESTART_MS * 2 ** this.#restarts);
    this.#restarts++;
    this.#become('DEGRADED', `${error.message} It is being started again (attempt ${this.#restarts}).`);
    this.#restartTimer = setTimeout(() => {
      this.#restarting = this.#restart(bundle);
    }, waitMs);
  }

  async #restart(bundle: ServedBundle): Promise<void> {
    try {
      const server = await this.#launch(bundle, this.#port);
      // Meanwhile somebody may have stopped the endpoint, or be starting another server.
      if (this.#state === 'DEGRADED') this.#use(server);
      else await end(server);
    } catch (error) {
      if (this.#state === 'DEGRADED') this.#restartLater(error as Error);
    }
  }

  #become(state: Deployment['state'], error: string | null): void {
    this.#state = state;
    this.#error = error;
    this.#listener.changed();
  }
}

/** Lets a server answer what it has taken; one that does not end is killed after the worker's grace. */
async function end(server: Server): Promise<void> {
  server.stop.abort();
  await server.worker.result.catch(() => {});
}
