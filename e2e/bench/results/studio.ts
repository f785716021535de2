import { type Connection, connect } from '../../../main/cli/connection.ts';
import type { DatasetVersion, QualityReport } from '../../../main/contract/datasets.ts';
import { LightbenchError } from '../../../main/contract/errors.ts';
import type { Evaluation } from '../../../main/contract/evaluation.ts';
import type { Job } from '../../../main/contract/jobs.ts';
import { runConfig } from '../../../main/contract/run-config.ts';
import type { Run } from '../../../main/contract/training.ts';
import type { Sample } from '../../../main/contract/workspace.ts';

const PATIENCE_MS = 86_400_000;
const SECONDS_BETWEEN_LINES = 30;

/** Keys of a config that differ from the template's, nested as there; an array or a `kind` replaces the whole. */
export type ConfigPatch = { readonly [key: string]: unknown };

/** What `bench results` may change of what a result would do, to try it out; the figures of the record come without. */
export interface ResultOptions {
  readonly threads: number;
  /** Instead of the template's. */
  readonly epochs: number | undefined;
  readonly seed: number;
}

export interface TrainedRun {
  readonly run: Run;
  /** On the split that was held out. */
  readonly evaluation: Evaluation;
  /** Import and waiting not counted. */
  readonly seconds: number;
}

/** The real engine on a workspace, as a person would use it: import, template, run, evaluation. */
export class Studio {
  readonly #connection: Connection;

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  static async open(workspace: string): Promise<Studio> {
    return new Studio(await connect({ workspace, user: undefined }));
  }

  get call(): Connection['call'] {
    return this.#connection.call;
  }

  /** One of the datasets that come with the program; imported once per workspace. */
  async sample(id: Sample['id'], name: string = id): Promise<DatasetVersion> {
    const known = await this.#newest(name);
    if (known) return known;
    for (const jobId of (await this.call('samples.import', { ids: [id] })).jobIds) await this.#finished(jobId);
    return this.#imported(name);
  }

  /** A path, imported with the splits that it brings and a validation split drawn from its training part. */
  async path(name: string, path: string): Promise<DatasetVersion> {
    const known = await this.#newest(name);
    if (known) return known;
    const { suggested } = await this.call('datasets.inspect', { path });
    const { jobId } = await this.call('datasets.import', { path, options: { ...suggested, name } });
    await this.#finished(jobId);
    return this.#imported(name);
  }

  quality(dataset: DatasetVersion): Promise<QualityReport> {
    return this.call('datasets.quality', { digest: dataset.digest });
  }

  /** Trains a template on a dataset to its end and evaluates it on test. */
  async train(
    dataset: DatasetVersion,
    templateId: string,
    { epochs, ...settings }: ResultOptions,
    patch: ConfigPatch = {},
  ): Promise<TrainedRun> {
    const templates = await this.call('training.templates', { datasetDigest: dataset.digest });
    const template = templates.find(({ id }) => id === templateId);
    if (template === undefined)
      throw new LightbenchError('record.not_found', `${dataset.name} has no template ${templateId}.`);
    const { config } = await this.call('training.validate', { yaml: template.yaml });
    const length = epochs === undefined ? {} : { training: { epochs } };
    const patched = runConfig.parse(merged(merged(merged(config ?? {}, patch), settings), length));
    const { runId, jobId } = await this.call('training.start', { yaml: JSON.stringify(patched) });
    await this.#finished(jobId);
    return this.trained(runId);
  }

  /** A run that has finished, with its evaluation on test. */
  async trained(runId: string): Promise<TrainedRun> {
    const { run } = await this.call('runs.get', { runId });
    const evaluation = (await this.call('evaluation.list', { runId })).find(({ split }) => split === 'test');
    if (evaluation === undefined)
      throw new LightbenchError('record.not_found', `${run.name} was not evaluated on the test split.`);
    return { run, evaluation, seconds: (Date.parse(run.endedAt ?? '') - Date.parse(run.startedAt ?? '')) / 1000 };
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async #newest(name: string): Promise<DatasetVersion | undefined> {
    return (await this.call('datasets.list', {})).find((dataset) => dataset.name === name)?.versions[0];
  }

  async #imported(name: string): Promise<DatasetVersion> {
    const dataset = await this.#newest(name);
    if (dataset === undefined) throw new LightbenchError('record.not_found', `There is no dataset ${name}.`);
    return dataset;
  }

  async #finished(jobId: string): Promise<void> {
    let toldAt = 0;
    const stop = this.#connection.onEvent((event) => {
      if (event.type !== 'job' || event.job.id !== jobId) return;
      if (performance.now() - toldAt < SECONDS_BETWEEN_LINES * 1000) return;
      toldAt = performance.now();
      tell(event.job);
    });
    const job = await this.call('jobs.wait', { id: jobId, timeoutMs: PATIENCE_MS }).finally(stop);
    if (job.error !== null) throw LightbenchError.fromRecord(job.error);
  }
}

function merged(base: ConfigPatch, patch: ConfigPatch): ConfigPatch {
  const entries = Object.entries(patch).map(([key, value]) => {
    const old = base[key];
    return [key, isObject(value) && isObject(old) && !('kind' in value) ? merged(old, value) : value];
  });
  return { ...base, ...Object.fromEntries(entries) };
}

function isObject(value: unknown): value is ConfigPatch {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function tell({ progress }: Job): void {
  if (progress !== null)
    process.stderr.write(`    ${progress.phase}: ${progress.done} of ${progress.total} ${progress.unit}\n`);
}
