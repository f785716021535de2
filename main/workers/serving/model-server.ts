import { availableParallelism } from 'node:os';
import fastify, { type FastifyInstance } from 'fastify';
import { LightbenchError } from '../../contract/errors.ts';
import type { PredictionRecord } from '../../contract/serving.ts';
import { BundleError } from '../../formats/bundle/bundle-error.ts';
import { openBundle } from '../../formats/bundle/bundle-folder.ts';
import { PredictionLog } from './prediction-log.ts';
import { Predictor } from './predictor.ts';
import { addRoutes } from './routes.ts';

const BODY_LIMIT_BYTES = 256 * 1024 * 1024;
/** How long requests that were already taken may keep a server from ending. */
const DRAIN_MS = 4000;
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '::1', '[::1]']);

export interface ModelServerOptions {
  readonly endpoint: string;
  readonly bundleFolder: string;
  readonly bundleDigest?: string;
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  /** Threads of ONNX Runtime; absent: one per core. */
  readonly threads?: number;
  readonly programPath: string;
  readonly programVersion: string;
  readonly onPrediction: (record: PredictionRecord) => void;
}

/** An HTTP server with one model, which can be exchanged while it runs. */
export class ModelServer {
  readonly #options: ModelServerOptions;
  readonly #app: FastifyInstance;
  #predictor: Predictor | undefined;
  #retiring = Promise.resolve();

  private constructor(options: ModelServerOptions) {
    this.#options = options;
    this.#app = fastify({ bodyLimit: BODY_LIMIT_BYTES, forceCloseConnections: 'idle', logger: false });
    if (LOOPBACK.has(options.host)) refuseForeignHosts(this.#app);
    addRoutes(this.#app, {
      current: () => this.#predictor,
      log: new PredictionLog(options.endpoint, options.onPrediction),
      programVersion: options.programVersion,
    });
  }

  /**
   * Checks the bundle, loads and warms the model, then listens: whoever can connect gets answers.
   *
   * @throws LightbenchError bundle.damaged, deployment.port_in_use
   */
  static async start(options: ModelServerOptions): Promise<ModelServer> {
    const server = new ModelServer(options);
    try {
      await server.switchTo(options.bundleFolder, options.bundleDigest);
      await server.#app.listen({ host: options.host, port: options.port });
      return server;
    } catch (error) {
      await server.close();
      if ((error as { code?: string }).code === 'EADDRINUSE') {
        throw new LightbenchError(
          'deployment.port_in_use',
          `Another program listens on port ${options.port} of ${options.host}.`,
          { details: { port: options.port }, cause: error },
        );
      }
      throw error;
    }
  }

  get port(): number {
    const address = this.#app.server.address();
    return typeof address === 'object' && address !== null ? address.port : this.#options.port;
  }

  get modelName(): string {
    return this.#predictor?.bundle.modelName ?? '';
  }

  /**
   * Loads another bundle beside the present one, sends every request from then on to it, and lets the old one answer what
   * it has taken. When the new one cannot be loaded the old one stays.
   *
   * @throws LightbenchError bundle.damaged
   */
  async switchTo(bundleFolder: string, bundleDigest?: string): Promise<void> {
    const next = await this.#load(bundleFolder, bundleDigest);
    const old = this.#predictor;
    this.#predictor = next;
    this.#retiring = Promise.all([this.#retiring, old?.drain()]).then(() => {});
  }

  /** Takes no new connections, answers what was asked, ends. At most DRAIN_MS long. */
  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.#app.server.closeAllConnections();
        resolve();
      }, DRAIN_MS);
    });
    await Promise.race([this.#end(), tooLong]);
    clearTimeout(timer);
  }

  async #end(): Promise<void> {
    await this.#app.close();
    await Promise.all([this.#retiring, this.#predictor?.drain()]);
  }

  async #load(bundleFolder: string, bundleDigest: string | undefined): Promise<Predictor> {
    try {
      const bundle = await openBundle(bundleFolder, bundleDigest);
      return await Predictor.load(bundle, this.#options.programPath, this.#options.threads ?? availableParallelism());
    } catch (error) {
      if (error instanceof BundleError) throw new LightbenchError('bundle.damaged', error.message, { cause: error });
      throw error;
    }
  }
}

/** A page of another site must not reach a local server through a name that it points to this machine. */
function refuseForeignHosts(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const host = (request.headers.host ?? '').replace(/:\d+$/, '');
    if (!LOOPBACK.has(host))
      await reply.code(403).send({ error: `This server answers to this machine only, not as ${host}.` });
  });
}
