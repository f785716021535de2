import { canonicalJson } from '../../base/canonical-json.ts';
import { isoTime } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import type { CpuFeatures } from '../../contract/device-worker.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { ParsedInput } from '../../contract/index.ts';
import type { RunConfig } from '../../contract/run-config.ts';
import type { Diagnostic, ModelSummary, Run } from '../../contract/training.ts';
import { cpuTarget } from '../../graph/index.ts';
import { sha256 } from '../../storage/index.ts';
import type { Caller, EngineContext, HandlersOf, StreamHandlers } from '../core/context.ts';
import type { Jobs } from '../jobs/index.ts';
import { sourcesFrom } from './checkpoint-bytes.ts';
import { codeVersion } from './code-version.ts';
import { configSchema } from './config-schema.ts';
import { parseConfig } from './config-text.ts';
import { Experiments, type StoredPlan } from './experiments.ts';
import { flattenConfig } from './flatten-config.ts';
import { inspectFile } from './inspect-file.ts';
import { artifactsOf, resolveModel } from './model-files.ts';
import { type Plan, planRun, type TrainingDatasets, type TrainingLabels, type TrainingModelFiles } from './plan.ts';
import { RunRecords } from './run-records.ts';
import { sampleHistory } from './sample-history.ts';
import { shipModel } from './ship-model.ts';
import type { Shipping, ShippingModel } from './shipping.ts';
import { ensembleTemplates, type TrainedRun } from './templates/ensembles.ts';
import { templates } from './templates/templates.ts';
import { seriesOf } from './thin-series.ts';
import { type TrainingDevices, TrainingJob } from './training-job.ts';
import { Trials } from './trials.ts';

const PAUSE_TIMEOUT_MS = 60_000;
/** Newest runs of a dataset that are looked at for members of an ensemble. */
const MOST_RUNS_LOOKED_AT = 200;
const RESUMABLE = new Set<Run['status']>(['PAUSED', 'FAILED', 'KILLED']);
const ACTIVE = new Set<Run['status']>(['SCHEDULED', 'RUNNING']);

/** What training needs of the domains around it. */
export interface TrainingNeighbours {
  readonly datasets: TrainingDatasets;
  readonly labels: TrainingLabels;
  readonly modelFiles: TrainingModelFiles;
  readonly devices: TrainingDevices & { readonly knownFeatures: CpuFeatures; threadsOf(config: RunConfig): number };
  /** Model versions that were made of a run, by name: it cannot be deleted. */
  dependents(runId: string): readonly string[];
}

/** Runs: from a config in YAML to checkpoints, metrics and evaluations. */
export class Training implements Shipping {
  readonly records: RunRecords;
  readonly experiments: Experiments;
  readonly #context: EngineContext;
  readonly #jobs: Jobs;
  readonly #neighbours: TrainingNeighbours;
  readonly #job: TrainingJob;
  readonly #trials: Trials;
  #codeVersion: string | undefined;

  readonly handlers: HandlersOf<'training' | 'runs'> = {
    'training.templates': ({ datasetDigest }) => {
      if (datasetDigest === undefined) return templates(undefined);
      const dataset = this.#neighbours.datasets.get(datasetDigest);
      return [...templates(dataset), ...ensembleTemplates(dataset, this.#finishedRuns(datasetDigest))];
    },
    'training.schema': () => ({ schema: configSchema }),
    'training.validate': async ({ yaml, modelFile }) => {
      const { diagnostics, plan } = await this.#check(yaml, modelFile);
      return { diagnostics, summary: plan?.summary ?? null, config: plan === null ? null : { ...plan.config } };
    },
    'training.inspectOnnx': (wanted) => inspectFile(wanted, this.#context.workspace),
    'training.start': ({ yaml }, caller) => this.#start(yaml, caller),
    'training.findLearningRate': ({ yaml, ...sweep }, caller) =>
      this.#trials.start(yaml, { kind: 'learning_rate', ...sweep }, caller),
    'training.overfitBatch': ({ yaml, steps }, caller) =>
      this.#trials.start(yaml, { kind: 'one_batch', steps }, caller),
    'training.trial': ({ jobId }) => this.#trials.resultOf(jobId),
    'runs.list': (filter) => this.records.list(filter),
    'runs.get': ({ runId }) => {
      const { runs } = this.#context.workspace;
      const run = this.records.get(runId);
      return {
        run,
        yaml: runs.config(run.configDigest)?.yaml ?? '',
        summary: runs.summary(runId) as ModelSummary,
        checkpoints: runs.checkpoints(runId),
        modelFile: this.#modelFileOf(run),
      };
    },
    'runs.metrics': ({ runIds, keys, maximumPoints }) =>
      runIds.flatMap((id) =>
        seriesOf(this.records.get(id).id, this.#context.workspace.runs.points(id), keys, maximumPoints),
      ),
    'runs.samples': ({ runId }) => {
      const { lastCheckpoint } = this.records.get(runId);
      if (lastCheckpoint === null) return null;
      return sampleHistory(this.#context.workspace.artifacts.read(lastCheckpoint), lastCheckpoint);
    },
    'runs.pause': ({ runId }, caller) => this.#pause(runId, caller),
    'runs.stop': ({ runId }, caller) => this.#stop(runId, caller),
    'runs.resume': ({ runId }, caller) => this.#resume(runId, caller),
    'runs.update': (input, caller) => this.#update(input, caller),
    'runs.delete': ({ runIds }, caller) => this.#delete(runIds, caller),
  };

  readonly streamHandlers: Pick<StreamHandlers, 'runs.watch'> = {
    'runs.watch': ({ runId }, emit) => this.records.watch(runId, emit),
  };

  constructor(context: EngineContext, jobs: Jobs, neighbours: TrainingNeighbours) {
    this.#context = context;
    this.#jobs = jobs;
    this.#neighbours = neighbours;
    this.records = new RunRecords(context, (jobId) => jobs.unstoredEnd(jobId));
    this.experiments = new Experiments(
      context,
      neighbours.datasets,
      neighbours.labels,
      neighbours.modelFiles.programPath,
    );
    this.#job = new TrainingJob(context, this.records, this.experiments, neighbours.devices);
    jobs.define(this.#job);
    this.#trials = new Trials(context, jobs, neighbours, (yaml) => this.#planOf(yaml));
    // A job that was resumed from the tray has told nobody else.
    context.events.on((event) => {
      if (event.type !== 'job' || event.job.kind !== 'training') return;
      const { state, subject } = event.job;
      const run = context.workspace.runs.get(subject.runId);
      if (run === undefined) return;
      if (state === 'SCHEDULED' && run.status !== state)
        this.records.change(run.id, { status: state, error: null, endedAt: null });
      if (state === 'FAILED' || state === 'KILLED') this.records.tellEnd(run.id);
    });
  }

  ship(runId: string): ShippingModel {
    const run = this.records.get(runId);
    const digest = run.bestCheckpoint ?? run.lastCheckpoint;
    if (digest === null)
      throw new LightbenchError('run.wrong_state', `${run.name} has no checkpoint yet.`, {
        suggestion: 'Wait until it has written one.',
      });
    const { artifacts } = this.#context.workspace;
    return shipModel(
      run,
      digest,
      artifacts.read(digest),
      cpuTarget(this.#neighbours.devices.knownFeatures),
      sourcesFrom((asked) => artifacts.read(asked)),
    );
  }

  async #check(
    yaml: string,
    draft?: { readonly path: string; readonly text: string },
  ): Promise<{ diagnostics: Diagnostic[]; plan: Plan | null; unknownKey: boolean }> {
    const parsed = parseConfig(yaml);
    if (parsed.config === null)
      return { diagnostics: [...parsed.diagnostics], plan: null, unknownKey: parsed.unknownKey };
    const { locate } = parsed;
    const { datasets, labels, devices, modelFiles } = this.#neighbours;
    const { config, problem, ...resolved } = await resolveModel(parsed.config, this.#context.workspace, draft);
    if (problem !== null) return { diagnostics: [locate(problem)], plan: null, unknownKey: false };
    const cpu = await devices.choose({ device: 'cpu', threads: config.threads });
    const machine = { ...cpu, availableBytes: process.availableMemory() };
    const { plan, problems } = await planRun(config, datasets, labels, modelFiles, machine, resolved);
    const diagnostics = problems.map(locate);
    if (config.device !== 'cpu') {
      try {
        await devices.choose({ device: config.device, threads: config.threads }, plan?.operators);
      } catch (error) {
        const { message, suggestion } = LightbenchError.from(error);
        diagnostics.push(locate({ severity: 'error', path: ['device'], message, suggestion }));
        return { diagnostics, plan: null, unknownKey: false };
      }
    }
    return { diagnostics, plan, unknownKey: false };
  }

  #finishedRuns(datasetDigest: string): TrainedRun[] {
    const runs = this.records.list({ datasetDigest, limit: MOST_RUNS_LOOKED_AT });
    return runs.flatMap((run) =>
      run.status === 'FINISHED' && run.bestCheckpoint !== null ? [{ run, config: this.experiments.configOf(run) }] : [],
    );
  }

  /** The model file of a run as it was when the run started. */
  #modelFileOf(run: Run) {
    const { model } = this.experiments.configOf(run);
    if (model.kind !== 'own' || model.artifact === undefined) return null;
    const bytes = this.#context.workspace.artifacts.read(model.artifact);
    return { path: model.file, digest: model.artifact, text: bytes.toString('utf8') };
  }

  async #planOf(yaml: string): Promise<Plan> {
    const { diagnostics, plan, unknownKey } = await this.#check(yaml);
    if (plan === null) throw refusal(diagnostics, unknownKey);
    return plan;
  }

  async #start(yaml: string, caller: Caller): Promise<{ runId: string; jobId: string }> {
    const plan = await this.#planOf(yaml);
    const { workspace, clock } = this.#context;
    this.#codeVersion ??= codeVersion(this.#context);
    const { dataset, labelSet } = plan;
    // What the names meant at this moment is part of the run.
    const config: RunConfig = {
      ...plan.config,
      data: {
        ...plan.config.data,
        dataset: dataset.digest,
        labelSet: labelSet === null ? '' : `${labelSet.labelSetId}@${labelSet.digest}`,
      },
    };
    const configDigest = sha256(canonicalJson(config));
    const now = isoTime(clock);
    const id = newId('run', clock.nowMs());
    const name = config.name || `${kindName(config.model)} ${now.slice(0, 16).replace('T', ' ')}`;
    const run: Run = {
      id,
      name,
      experiment: config.experiment,
      status: 'SCHEDULED',
      jobId: id,
      createdAt: now,
      createdBy: caller.userName,
      startedAt: null,
      endedAt: null,
      configDigest,
      datasetDigest: dataset.digest,
      datasetName: `${dataset.name}@${dataset.version}`,
      labelSetDigest: labelSet?.digest ?? null,
      task: config.task,
      device: config.device,
      threads: this.#neighbours.devices.threadsOf(config),
      seed: config.seed,
      codeVersion: this.#codeVersion,
      parameters: plan.summary.parameters,
      params: flattenConfig(config),
      metrics: {},
      tags: config.tags,
      note: '',
      epoch: 0,
      step: 0,
      totalSteps: 0,
      bestCheckpoint: null,
      lastCheckpoint: null,
      error: null,
    };
    const kept = artifactsOf(config).map((digest) => workspace.artifacts.put(plan.sources.artifact(digest)));
    const stored: StoredPlan = { labelSet, classes: plan.classes, columns: plan.columns, target: plan.target };
    const jobId = workspace.transaction(() => {
      workspace.runs.insertConfig(configDigest, yaml, config);
      workspace.runs.insert(run, plan.summary, stored);
      this.records.keepModelFiles(id, kept);
      workspace.lineage.node({ digest: configDigest, kind: 'config', title: `Config of ${name}` });
      workspace.lineage.node({ digest: id, kind: 'run', title: name });
      workspace.lineage.edge(configDigest, id, 'configured');
      workspace.lineage.edge(dataset.digest, id, 'trained on');
      if (labelSet !== null) workspace.lineage.edge(labelSet.digest, id, 'labels');
      if (config.model.kind === 'ensemble')
        for (const checkpoint of config.model.checkpoints ?? []) workspace.lineage.edge(checkpoint, id, 'member of');
      if (config.loss.kind === 'distillation' && config.loss.checkpoint !== undefined)
        workspace.lineage.edge(config.loss.checkpoint, id, 'teacher of');
      workspace.ledger.append({
        actor: caller.userName,
        action: 'run.started',
        subject: id,
        summary: `${caller.userName} started the run ${name} on ${run.datasetName}.`,
        payload: {
          config: configDigest,
          dataset: dataset.digest,
          labelSet: labelSet?.digest ?? null,
          seed: config.seed,
          ...(kept.length === 0 ? {} : { model: kept.map(({ digest }) => digest) }),
        },
      });
      const job = this.#jobs.start({
        kind: 'training',
        title: `Train ${name}`,
        createdBy: caller.userName,
        specification: { runId: id, operators: [...plan.operators] },
        subject: { runId: id, datasetDigest: dataset.digest },
        resumable: true,
      });
      workspace.runs.update({ ...this.records.get(id), jobId: job.id });
      return job.id;
    });
    this.#context.changed('runs', [id], caller.userName);
    return { runId: id, jobId };
  }

  async #pause(runId: string, caller: Caller): Promise<Run> {
    const run = this.records.get(runId);
    if (!this.#job.tell(runId, 'pause'))
      throw new LightbenchError('run.wrong_state', `${run.name} is ${run.status} and cannot be paused.`);
    await this.#jobs.wait(run.jobId, PAUSE_TIMEOUT_MS, caller.signal);
    return this.records.get(runId);
  }

  /** A running run ends at its next step; a paused one goes on for as long as its evaluation takes. */
  #stop(runId: string, caller: Caller): Run {
    const run = this.records.get(runId);
    if (this.#job.tell(runId, 'finish')) return run;
    if (run.status !== 'PAUSED')
      throw new LightbenchError('run.wrong_state', `${run.name} is ${run.status} and cannot be stopped.`, {
        suggestion:
          run.status === 'SCHEDULED' ? 'Cancel its job instead.' : 'Only a running or a paused run can be stopped.',
      });
    this.#job.finishNext(runId);
    return this.#goOn(run, caller, 'run.stopped', `ended the paused run ${run.name}`);
  }

  #resume(runId: string, caller: Caller): Run {
    const run = this.records.get(runId);
    if (!RESUMABLE.has(run.status))
      throw new LightbenchError('run.wrong_state', `${run.name} is ${run.status} and cannot be resumed.`);
    return this.#goOn(run, caller, 'run.resumed', `resumed the run ${run.name}`);
  }

  #goOn(run: Run, caller: Caller, action: string, what: string): Run {
    const { workspace } = this.#context;
    workspace.transaction(() => {
      this.#jobs.resume(run.jobId);
      workspace.ledger.append({
        actor: caller.userName,
        action,
        subject: run.id,
        summary: `${caller.userName} ${what} at step ${run.step}.`,
        payload: { checkpoint: run.lastCheckpoint },
      });
    });
    return this.records.get(run.id);
  }

  #update(input: ParsedInput<'runs.update'>, caller: Caller): Run {
    const { runId, name, tags, note } = input;
    const before = this.records.get(runId);
    return this.records.change(
      runId,
      {
        ...(name === undefined ? {} : { name }),
        ...(tags === undefined ? {} : { tags }),
        ...(note === undefined ? {} : { note }),
      },
      {
        actor: caller.userName,
        action: 'run.described',
        subject: runId,
        summary: `${caller.userName} changed the description of the run ${before.name}.`,
        payload: { ...input },
      },
    );
  }

  #delete(runIds: readonly string[], caller: Caller): { deleted: number } {
    const runs = [...new Set(runIds)].map((id) => this.records.get(id));
    for (const run of runs) {
      if (ACTIVE.has(run.status))
        throw new LightbenchError('run.wrong_state', `${run.name} is ${run.status} and cannot be deleted.`, {
          suggestion: 'Cancel it first.',
        });
      const dependents = this.#neighbours.dependents(run.id);
      if (dependents.length > 0)
        throw new LightbenchError('record.in_use', `${run.name} became ${dependents.join(', ')}.`);
    }
    for (const run of runs) {
      if (run.status === 'PAUSED') this.#jobs.cancel(run.jobId);
      this.records.delete(run, caller.userName);
    }
    this.#context.changed('runs', runIds, caller.userName);
    return { deleted: runs.length };
  }
}

/** A model file is known by its name. */
function kindName(model: RunConfig['model']): string {
  return model.kind === 'own' ? model.file.replace(/^models\/|\.ts$/g, '') : model.kind;
}

/** The first problem as the message, all of them as details. */
function refusal(diagnostics: readonly Diagnostic[], unknownKey: boolean): LightbenchError {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  const more = errors.length > 1 ? ` And ${errors.length - 1} more.` : '';
  const memory = first !== undefined && /^The run needs about/.test(first.message);
  return new LightbenchError(
    unknownKey ? 'config.unknown_key' : memory ? 'training.out_of_memory' : 'config.invalid',
    first === undefined
      ? 'The config is not valid.'
      : `${first.file === undefined ? 'Line' : `${first.file}, line`} ${first.line}: ${first.message}${more}`,
    { ...(first === undefined ? {} : { suggestion: first.suggestion }), details: { diagnostics: errors } },
  );
}
