import { join } from 'node:path';
import { LightbenchError } from '../../contract/errors.ts';
import type { ExplanationMethod } from '../../contract/explaining.ts';
import type { ParsedInput } from '../../contract/index.ts';
import type { ModelVersion } from '../../contract/registry.ts';
import type { Bundle, Deployment, NearestPictures } from '../../contract/serving.ts';
import { Tokenizer } from '../../models/index.ts';
import type { StoredDeployment } from '../../storage/index.ts';
import { curlLines, INPUT_EXAMPLE } from '../bundles/index.ts';
import type { Caller, EngineContext, HandlersOf, StreamHandlers } from '../core/context.ts';
import type { JobContext, Jobs } from '../jobs/index.ts';
import { type RawSamples, toProtocolTensors } from '../registry/index.ts';
import type { InputLayout } from '../training/index.ts';
import { complete } from './complete.ts';
import { DeploymentRecords } from './deployment-records.ts';
import { draw } from './draw.ts';
import { Endpoint, type ServedBundle } from './endpoint.ts';
import { type PredictionTarget, predict } from './predict.ts';
import { PredictionStore } from './prediction-store.ts';

/** What serving needs of bundles. */
export interface ServingBundles {
  get(digest: string): Bundle;
  folder(digest: string): string;
}

/** What serving needs of the registry. */
export interface ServingRegistry {
  version(modelName: string, version: number): ModelVersion;
  layout(modelName: string, version: number): InputLayout;
}

/** What lies near an embedding among the pictures that a run was evaluated on. */
export type NearestTo = (
  runId: string,
  asked: { readonly datasetDigest: string; readonly index: number },
  embedding: readonly number[],
) => NearestPictures;

/** How a registered model can be explained. */
export type ExplanationMethods = (modelName: string, version: number) => ExplanationMethod[];

type Specification =
  | { readonly action: 'deploy'; readonly endpoint: string; readonly bundleDigest: string; readonly port?: number }
  | { readonly action: 'start'; readonly endpoint: string };

/** Endpoints on this machine: which bundle each serves, its process, its history and its prediction log. */
export class Deployments {
  readonly #context: EngineContext;
  readonly #jobs: Jobs;
  readonly #bundles: ServingBundles;
  readonly #registry: ServingRegistry;
  readonly #samples: RawSamples;
  readonly #records: DeploymentRecords;
  readonly #predictions: PredictionStore;
  readonly #endpoints = new Map<string, Endpoint>();
  /** What is being done to each endpoint: one thing after the other. */
  readonly #turns = new Map<string, Promise<unknown>>();

  readonly handlers: HandlersOf<'deployments'>;

  readonly streamHandlers: Pick<StreamHandlers, 'deployments.complete'> = {
    'deployments.complete': (input, emit) => {
      const left = new AbortController();
      const { signal } = left;
      this.#asked(input.endpoint, ({ target, layout }) =>
        complete(target, layout, input, signal, (completion) => emit({ state: 'writing', completion })),
      ).then(
        (completion) => emit({ state: 'done', completion }),
        (error) => signal.aborted || emit({ state: 'failed', error: LightbenchError.from(error).toRecord() }),
      );
      return () => left.abort();
    },
  };

  constructor(
    context: EngineContext,
    jobs: Jobs,
    bundles: ServingBundles,
    registry: ServingRegistry,
    samples: RawSamples,
    methods: ExplanationMethods,
    nearestTo: NearestTo,
  ) {
    this.#context = context;
    this.#jobs = jobs;
    this.#bundles = bundles;
    this.#registry = registry;
    this.#samples = samples;
    this.#records = new DeploymentRecords(context);
    this.#predictions = new PredictionStore(context);
    this.handlers = {
      'deployments.list': () => this.#records.list().map((stored) => this.#describe(stored)),
      'deployments.deploy': (input, caller) => this.#startDeploy(input, caller),
      'deployments.rollback': ({ endpoint }, caller) => this.#rollback(endpoint, caller),
      'deployments.stop': ({ endpoint }, caller) => this.#stop(endpoint, caller),
      'deployments.start': ({ endpoint }, caller) => this.#startAgain(endpoint, caller),
      'deployments.predict': ({ endpoint, datasetDigest, index }, caller) =>
        this.#asked(endpoint, async ({ target, layout, model }) => {
          const inputs = toProtocolTensors(await this.#samples.batch(datasetDigest, [index], layout));
          const answer = await predict(target, inputs, caller.signal);
          if (model.task !== 'metric-learning') return answer;
          return { ...answer, nearest: nearestTo(model.runId, { datasetDigest, index }, answer.numbers ?? []) };
        }),
      'deployments.draw': (input, caller) =>
        this.#asked(input.endpoint, ({ target, layout }) => draw(target, layout, input, caller.signal)),
      'deployments.complete': (input, caller) =>
        this.#asked(input.endpoint, ({ target, layout }) => complete(target, layout, input, caller.signal)),
      'deployments.predictions': ({ endpoint, limit }) =>
        this.#context.workspace.serving.predictions(this.#records.get(endpoint).endpoint, limit),
      'deployments.methods': ({ endpoint }) => {
        const { modelName, version } = this.#bundles.get(
          this.#records.current(this.#records.get(endpoint)).bundleDigest,
        );
        return methods(modelName, version);
      },
    };
    jobs.define({
      kind: 'deployment',
      concurrency: 2,
      run: (specification, job) => this.#run(specification as Specification, job),
    });
  }

  /** Starts the endpoints that ran when the engine ended. Resolves when each is ready or has failed. */
  async restore(): Promise<void> {
    const wanted = this.#records.list().filter((one) => one.desiredState === 'RUNNING');
    await Promise.all(
      wanted.map(({ endpoint }) =>
        this.#inTurn(endpoint, async () => {
          const stored = this.#records.get(endpoint);
          try {
            await this.#launch(stored);
          } catch {
            // It stays visible as the state of the endpoint.
            return;
          }
          this.#records.restored(stored, placeOf(this.#endpoint(endpoint)));
        }),
      ),
    );
  }

  /** Holds the prediction logs to the limit of the workspace. */
  cutLogs(): void {
    for (const { endpoint } of this.#records.list()) this.#predictions.cut(endpoint);
  }

  /** Ends the servers; at the next start they are started again. */
  async close(): Promise<void> {
    await Promise.all(this.#turns.values());
    await Promise.all([...this.#endpoints.values()].map((endpoint) => endpoint.stop()));
  }

  #startDeploy(input: ParsedInput<'deployments.deploy'>, caller: Caller): { jobId: string } {
    const bundle = this.#bundles.get(input.bundleDigest);
    const stored = this.#records.find(input.endpoint);
    if (stored !== undefined) refuseOtherModel(stored, bundle);
    const endpoint = stored?.endpoint ?? input.endpoint;
    const specification: Specification = {
      action: 'deploy',
      endpoint,
      bundleDigest: input.bundleDigest,
      ...(input.port === undefined ? {} : { port: input.port }),
    };
    return this.#startJob(`Deploy ${bundle.modelName} v${bundle.version} to ${endpoint}`, specification, caller, {
      endpoint,
      bundleDigest: bundle.digest,
    });
  }

  #startAgain(name: string, caller: Caller): { jobId: string } {
    const { endpoint } = this.#records.get(name);
    return this.#startJob(`Start ${endpoint}`, { action: 'start', endpoint }, caller, { endpoint });
  }

  #startJob(title: string, specification: Specification, caller: Caller, subject: Record<string, string>) {
    const job = this.#jobs.start({
      kind: 'deployment',
      title,
      createdBy: caller.userName,
      specification,
      subject,
      resumable: true,
    });
    return { jobId: job.id };
  }

  async #run(specification: Specification, job: JobContext): Promise<'finished'> {
    job.progress({ phase: 'Loading the model', done: 0, total: null, unit: 'steps' });
    await this.#inTurn(specification.endpoint, async () => {
      job.signal.throwIfAborted();
      if (specification.action === 'deploy') await this.#deploy(specification, job);
      else await this.#start(specification.endpoint, job);
    });
    const url = this.#endpoints.get(specification.endpoint)?.url ?? '';
    job.subject({ url });
    job.log('info', `${specification.endpoint} answers at ${url}`);
    return 'finished';
  }

  async #deploy(specification: Extract<Specification, { action: 'deploy' }>, job: JobContext): Promise<void> {
    const bundle = this.#bundles.get(specification.bundleDigest);
    const before = this.#records.find(specification.endpoint);
    if (before !== undefined) refuseOtherModel(before, bundle);
    const served = this.#served(bundle.digest);
    const endpoint = this.#endpoint(specification.endpoint);
    const port =
      specification.port === undefined
        ? { wanted: before?.port ?? null, fixed: before?.portFixed ?? false }
        : { wanted: specification.port, fixed: true };
    const stays = endpoint.state === 'READY' && (!port.fixed || port.wanted === endpoint.port);
    if (stays) await endpoint.switchTo(served);
    else await endpoint.start(served, port);

    this.#records.deployed(endpoint.name, bundle, placeOf(endpoint), port.fixed, job.createdBy);
    this.#tell(endpoint.name, job.createdBy);
  }

  async #start(name: string, job: JobContext): Promise<void> {
    const stored = this.#records.get(name);
    await this.#launch(stored);
    this.#records.started(stored, placeOf(this.#endpoint(stored.endpoint)), job.createdBy);
    this.#tell(stored.endpoint, job.createdBy);
  }

  /** Starts the server of a recorded endpoint with the bundle it is to serve. */
  async #launch(stored: StoredDeployment): Promise<void> {
    const endpoint = this.#endpoint(stored.endpoint);
    if (endpoint.state === 'READY') return;
    await endpoint.start(this.#served(this.#records.current(stored).bundleDigest), {
      wanted: stored.port,
      fixed: stored.portFixed,
    });
  }

  #rollback(name: string, caller: Caller): Promise<Deployment> {
    return this.#inTurn(this.#records.get(name).endpoint, async () => {
      const stored = this.#records.get(name);
      const target = this.#records.previous(stored);
      if (target === undefined)
        throw new LightbenchError('registry.no_previous', `${stored.endpoint} has served no other version before.`);
      const endpoint = this.#endpoint(stored.endpoint);
      const served = this.#served(target.digest);
      if (endpoint.state === 'READY') await endpoint.switchTo(served);
      else if (stored.desiredState === 'RUNNING')
        await endpoint.start(served, { wanted: stored.port, fixed: stored.portFixed });
      this.#records.rolledBack(stored, target, endpoint.port, caller.userName);
      this.#tell(stored.endpoint, caller.userName);
      return this.#describe(this.#records.get(name));
    });
  }

  #stop(name: string, caller: Caller): Promise<Deployment> {
    return this.#inTurn(this.#records.get(name).endpoint, async () => {
      const stored = this.#records.get(name);
      // Recorded first: a crash while it ends must not bring it back.
      this.#records.stopped(stored, caller.userName);
      await this.#endpoint(stored.endpoint).stop();
      this.#tell(stored.endpoint, caller.userName);
      return this.#describe(this.#records.get(name));
    });
  }

  /** Asks the model that an endpoint serves. @throws LightbenchError record.not_found, deployment.not_ready */
  async #asked<T>(
    name: string,
    send: (served: {
      readonly target: PredictionTarget;
      readonly layout: InputLayout;
      readonly model: ModelVersion;
    }) => Promise<T>,
  ): Promise<T> {
    const stored = this.#records.get(name);
    const endpoint = this.#endpoint(stored.endpoint);
    const { url } = endpoint;
    if (url === null) throw new LightbenchError('deployment.not_ready', `${stored.endpoint} is ${endpoint.state}.`);
    const { modelName, version } = this.#bundles.get(this.#records.current(stored).bundleDigest);
    const model = this.#registry.version(modelName, version);
    const { classes } = model;
    const layout = this.#registry.layout(modelName, version);
    const { target } = layout.tokens ?? {};
    const textOf = target && ((ids: readonly number[]) => new Tokenizer(target.unit, target.vocabulary).sequence(ids));
    return send({
      target: { endpoint: stored.endpoint, url, modelName, classes, ...(textOf === undefined ? {} : { textOf }) },
      layout,
      model,
    });
  }

  #describe(stored: StoredDeployment): Deployment {
    const current = this.#records.current(stored);
    const endpoint = this.#endpoint(stored.endpoint);
    const { url } = endpoint;
    return {
      endpoint: stored.endpoint,
      state: endpoint.state,
      url,
      port: endpoint.port ?? stored.port,
      modelName: stored.modelName,
      version: current.version,
      previousVersion: this.#records.previous(stored)?.version ?? null,
      bundleDigest: current.bundleDigest,
      startedAt: endpoint.startedAt ?? stored.startedAt,
      deployedBy: current.by,
      processId: endpoint.processId,
      ...this.#predictions.figures(stored.endpoint),
      error: endpoint.error,
      curl:
        url === null
          ? []
          : curlLines(
              url,
              stored.modelName,
              current.version,
              join(this.#bundles.folder(current.bundleDigest), INPUT_EXAMPLE),
              this.#registry.version(stored.modelName, current.version).task === 'language-modeling',
            ),
    };
  }

  #served(digest: string): ServedBundle {
    return { folder: this.#bundles.folder(digest), digest };
  }

  #endpoint(name: string): Endpoint {
    let endpoint = this.#endpoints.get(name);
    if (endpoint === undefined) {
      endpoint = new Endpoint(this.#context, name, {
        predictions: (records) => this.#predictions.append(name, records),
        changed: () => this.#tell(name, null),
      });
      this.#endpoints.set(name, endpoint);
    }
    return endpoint;
  }

  #inTurn<T>(endpoint: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(endpoint) ?? Promise.resolve()).then(work);
    this.#turns.set(
      endpoint,
      turn.catch(() => {}),
    );
    return turn;
  }

  #tell(endpoint: string, actor: string | null): void {
    this.#context.changed('deployments', [endpoint], actor);
  }
}

function placeOf({ port, startedAt }: Endpoint) {
  return { port, startedAt };
}

/** The address of an endpoint names its model: another model there would break every client. */
function refuseOtherModel(stored: StoredDeployment, bundle: Bundle): void {
  if (stored.modelName === bundle.modelName) return;
  throw new LightbenchError(
    'record.exists',
    `${stored.endpoint} serves ${stored.modelName}, not ${bundle.modelName}.`,
    {
      suggestion: 'Deploy the other model to an endpoint of its own.',
    },
  );
}
