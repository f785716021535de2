import { join } from 'node:path';
import { canonicalJson } from '../../base/canonical-json.ts';
import { isoTime } from '../../base/clock.ts';
import { previousTarget } from '../../base/pointer-history.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { ExplanationMethod } from '../../contract/explaining.ts';
import type { ParsedInput } from '../../contract/index.ts';
import type { ModelVersion } from '../../contract/registry.ts';
import type { Bundle, Deployment, Prediction } from '../../contract/serving.ts';
import { type DeploymentChange, type StoredDeployment, sha256 } from '../../storage/index.ts';
import { curlLines, INPUT_EXAMPLE } from '../bundles/index.ts';
import type { Caller, EngineContext, HandlersOf } from '../core/context.ts';
import type { JobContext, Jobs } from '../jobs/index.ts';
import { type InputLayout, type RawSamples, toProtocolTensor } from '../registry/index.ts';
import { Endpoint, type ServedBundle } from './endpoint.ts';
import { predict } from './predict.ts';
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
  readonly #predictions: PredictionStore;
  readonly #endpoints = new Map<string, Endpoint>();
  /** What is being done to each endpoint: one thing after the other. */
  readonly #turns = new Map<string, Promise<unknown>>();

  readonly handlers: HandlersOf<'deployments'>;

  constructor(
    context: EngineContext,
    jobs: Jobs,
    bundles: ServingBundles,
    registry: ServingRegistry,
    samples: RawSamples,
    methods: ExplanationMethods,
  ) {
    this.#context = context;
    this.#jobs = jobs;
    this.#bundles = bundles;
    this.#registry = registry;
    this.#samples = samples;
    this.#predictions = new PredictionStore(context);
    this.handlers = {
      'deployments.list': () => this.#context.workspace.serving.deployments().map((stored) => this.#describe(stored)),
      'deployments.deploy': (input, caller) => this.#startDeploy(input, caller),
      'deployments.rollback': ({ endpoint }, caller) => this.#rollback(endpoint, caller),
      'deployments.stop': ({ endpoint }, caller) => this.#stop(endpoint, caller),
      'deployments.start': ({ endpoint }, caller) => this.#startAgain(endpoint, caller),
      'deployments.predict': (input, caller) => this.#predict(input, caller),
      'deployments.predictions': ({ endpoint, limit }) =>
        this.#context.workspace.serving.predictions(this.#stored(endpoint).endpoint, limit),
      'deployments.methods': ({ endpoint }) => {
        const { modelName, version } = this.#bundles.get(this.#current(this.#stored(endpoint)).bundleDigest);
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
    const wanted = this.#context.workspace.serving.deployments().filter((one) => one.desiredState === 'RUNNING');
    await Promise.all(
      wanted.map(({ endpoint }) =>
        this.#inTurn(endpoint, async () => {
          const stored = this.#stored(endpoint);
          try {
            await this.#launch(stored);
          } catch {
            // It stays visible as the state of the endpoint.
            return;
          }
          const { port, startedAt } = this.#endpoint(endpoint);
          this.#context.workspace.serving.putDeployment({ ...stored, port, startedAt });
        }),
      ),
    );
  }

  /** Ends the servers; at the next start they are started again. */
  async close(): Promise<void> {
    await Promise.all(this.#turns.values());
    await Promise.all([...this.#endpoints.values()].map((endpoint) => endpoint.stop()));
  }

  #startDeploy(input: ParsedInput<'deployments.deploy'>, caller: Caller): { jobId: string } {
    const bundle = this.#bundles.get(input.bundleDigest);
    const stored = this.#context.workspace.serving.deployment(input.endpoint);
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
    const { endpoint } = this.#stored(name);
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
    const { workspace, clock } = this.#context;
    const bundle = this.#bundles.get(specification.bundleDigest);
    const before = workspace.serving.deployment(specification.endpoint);
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

    const now = isoTime(clock);
    workspace.transaction(() => {
      workspace.serving.putDeployment({
        endpoint: endpoint.name,
        modelName: bundle.modelName,
        port: endpoint.port,
        portFixed: port.fixed,
        desiredState: 'RUNNING',
        startedAt: endpoint.startedAt,
      });
      const current = workspace.serving.changes(endpoint.name).at(0);
      const title = `${bundle.modelName} v${bundle.version}`;
      if (current?.bundleDigest !== bundle.digest)
        this.#appendChange(endpoint.name, bundle, 'deploy', job.createdBy, now);
      workspace.ledger.append({
        actor: job.createdBy,
        action: 'deployment.deployed',
        subject: endpoint.name,
        summary: `${job.createdBy} deployed ${title} to ${endpoint.name}${current === undefined ? '' : `, which served v${current.version} before`}.`,
        payload: { bundle: bundle.digest, modelName: bundle.modelName, version: bundle.version, port: endpoint.port },
      });
    });
    this.#tell(endpoint.name, job.createdBy);
  }

  async #start(name: string, job: JobContext): Promise<void> {
    const { workspace } = this.#context;
    const stored = this.#stored(name);
    await this.#launch(stored);
    this.#setDesired(stored, 'RUNNING', job.createdBy, 'started', () => {
      const endpoint = this.#endpoint(stored.endpoint);
      workspace.serving.putDeployment({
        ...stored,
        desiredState: 'RUNNING',
        port: endpoint.port,
        startedAt: endpoint.startedAt,
      });
    });
  }

  /** Starts the server of a recorded endpoint with the bundle it is to serve. */
  async #launch(stored: StoredDeployment): Promise<void> {
    const endpoint = this.#endpoint(stored.endpoint);
    if (endpoint.state === 'READY') return;
    await endpoint.start(this.#served(this.#current(stored).bundleDigest), {
      wanted: stored.port,
      fixed: stored.portFixed,
    });
  }

  #rollback(name: string, caller: Caller): Promise<Deployment> {
    const { workspace, clock } = this.#context;
    return this.#inTurn(this.#stored(name).endpoint, async () => {
      const stored = this.#stored(name);
      const target = this.#previous(stored);
      if (target === undefined)
        throw new LightbenchError('registry.no_previous', `${stored.endpoint} has served no other version before.`);
      const current = this.#current(stored);
      const bundle = this.#bundles.get(target);
      const endpoint = this.#endpoint(stored.endpoint);
      if (endpoint.state === 'READY') await endpoint.switchTo(this.#served(target));
      else if (stored.desiredState === 'RUNNING')
        await endpoint.start(this.#served(target), { wanted: stored.port, fixed: stored.portFixed });
      workspace.transaction(() => {
        this.#appendChange(stored.endpoint, bundle, 'rollback', caller.userName, isoTime(clock));
        workspace.serving.putDeployment({ ...stored, port: endpoint.port ?? stored.port });
        workspace.ledger.append({
          actor: caller.userName,
          action: 'deployment.rolled_back',
          subject: stored.endpoint,
          summary: `${caller.userName} rolled ${stored.endpoint} back from v${current.version} to v${bundle.version} of ${bundle.modelName}.`,
          payload: { from: current.bundleDigest, to: bundle.digest, version: bundle.version },
        });
      });
      this.#tell(stored.endpoint, caller.userName);
      return this.#describe(this.#stored(name));
    });
  }

  #stop(name: string, caller: Caller): Promise<Deployment> {
    const { workspace } = this.#context;
    return this.#inTurn(this.#stored(name).endpoint, async () => {
      const stored = this.#stored(name);
      // Recorded first: a crash while it ends must not bring it back.
      this.#setDesired(stored, 'STOPPED', caller.userName, 'stopped', () =>
        workspace.serving.putDeployment({ ...stored, desiredState: 'STOPPED' }),
      );
      await this.#endpoint(stored.endpoint).stop();
      this.#tell(stored.endpoint, caller.userName);
      return this.#describe(this.#stored(name));
    });
  }

  async #predict(input: ParsedInput<'deployments.predict'>, caller: Caller): Promise<Prediction> {
    const stored = this.#stored(input.endpoint);
    const endpoint = this.#endpoint(stored.endpoint);
    const { url } = endpoint;
    if (url === null) throw new LightbenchError('deployment.not_ready', `${stored.endpoint} is ${endpoint.state}.`);
    const { modelName, version } = this.#bundles.get(this.#current(stored).bundleDigest);
    const layout = this.#registry.layout(modelName, version);
    const batch = await this.#samples.batch(input.datasetDigest, [input.index], layout);
    return predict(
      { endpoint: stored.endpoint, url, modelName, classes: this.#registry.version(modelName, version).classes },
      toProtocolTensor(layout.input.name, batch),
      caller.signal,
    );
  }

  #setDesired(
    stored: StoredDeployment,
    state: StoredDeployment['desiredState'],
    actor: string,
    verb: 'started' | 'stopped',
    change: () => void,
  ): void {
    const { workspace } = this.#context;
    const { version, bundleDigest } = this.#current(stored);
    workspace.transaction(() => {
      change();
      workspace.ledger.append({
        actor,
        action: `deployment.${verb}`,
        subject: stored.endpoint,
        summary: `${actor} ${verb} ${stored.endpoint} (${stored.modelName} v${version}).`,
        payload: { bundle: bundleDigest, version, desiredState: state },
      });
    });
    this.#tell(stored.endpoint, actor);
  }

  /** In the transaction of the change. */
  #appendChange(endpoint: string, bundle: Bundle, reason: DeploymentChange['reason'], by: string, at: string): void {
    const { serving, lineage } = this.#context.workspace;
    const change: DeploymentChange = { endpoint, bundleDigest: bundle.digest, version: bundle.version, at, by, reason };
    serving.appendChange(change);
    const digest = sha256(canonicalJson({ ...change, number: serving.changes(endpoint).length }));
    lineage.node({ digest, kind: 'deployment', title: `${endpoint}: ${bundle.modelName} v${bundle.version}` });
    lineage.edge(bundle.digest, digest, reason === 'deploy' ? 'deployed as' : 'rolled back to');
  }

  #describe(stored: StoredDeployment): Deployment {
    const { serving } = this.#context.workspace;
    const current = this.#current(stored);
    const previous = this.#previous(stored);
    const endpoint = this.#endpoint(stored.endpoint);
    const { url } = endpoint;
    return {
      endpoint: stored.endpoint,
      state: endpoint.state,
      url,
      port: endpoint.port ?? stored.port,
      modelName: stored.modelName,
      version: current.version,
      previousVersion: previous === undefined ? null : (serving.bundle(previous)?.version ?? null),
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
            ),
    };
  }

  #stored(name: string): StoredDeployment {
    const stored = this.#context.workspace.serving.deployment(name);
    if (stored === undefined) throw new LightbenchError('record.not_found', `There is no endpoint called ${name}.`);
    return stored;
  }

  #current(stored: StoredDeployment): DeploymentChange {
    return this.#context.workspace.serving.changes(stored.endpoint)[0];
  }

  /** Digest of the bundle that a rollback leads to. */
  #previous(stored: StoredDeployment): string | undefined {
    const changes = this.#context.workspace.serving.changes(stored.endpoint).reverse();
    return previousTarget(
      changes.map((change) => ({ target: change.bundleDigest, back: change.reason === 'rollback' })),
    );
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
