import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { isoTime } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import { type DatasetVersion, importOptions, type QualityReport } from '../../contract/datasets.ts';
import { LightbenchError } from '../../contract/errors.ts';
import { type ImportInput, type ImportResult, importMessage, importResult } from '../../contract/import-worker.ts';
import type { EngineContext } from '../core/context.ts';
import type { JobContext, JobDefinition } from '../jobs/index.ts';
import { startWorker } from '../processes/worker-process.ts';

const specification = z.object({ path: z.string(), options: importOptions });
export type ImportSpecification = z.infer<typeof specification>;

/** Imports as jobs: the work in a process of its own, the record in one transaction at the end. */
export function importJob(context: EngineContext, packSizeBytes: number | undefined): JobDefinition {
  return {
    kind: 'import',
    concurrency: 1,
    run: async (raw, job) => {
      const { path, options } = specification.parse(raw);
      const { workspace } = context;
      const scratchFolder = join(workspace.folder, 'imports', job.jobId);
      const input: ImportInput = {
        workspaceFolder: workspace.folder,
        scratchFolder,
        path,
        options,
        knownDigests: workspace.datasets
          .list()
          .flatMap((dataset) => workspace.datasets.versions(dataset.id).map((version) => version.digest)),
        packSizeBytes: packSizeBytes ?? 16 * 1024 * 1024,
      };
      const worker = startWorker({
        entry: context.workerEntry,
        name: 'import',
        input,
        messages: importMessage,
        onMessage: (message) => {
          if (message.type === 'progress') job.progress(message.progress);
          else job.log(message.level, message.text);
        },
        signal: job.signal,
      });
      const result = importResult.parse(await worker.result);
      const { version, isNew } = recordVersion(context, path, options, result, job);
      const name = `${version.name}@${version.version}`;
      const known = `The data is already here as ${name}. Nothing was stored again.`;
      job.subject({ datasetDigest: version.digest, datasetName: name, ...(isNew ? {} : { remark: known }) });
      job.log('info', isNew ? `Imported ${version.rows} rows as ${name}.` : known);
      rmSync(scratchFolder, { recursive: true, force: true });
      if (isNew) context.changed('datasets', [version.digest], job.createdBy);
      return 'finished';
    },
  };
}

/** Stores the version and everything that goes with it, or finds that it exists. */
function recordVersion(
  context: EngineContext,
  path: string,
  options: ImportSpecification['options'],
  result: ImportResult,
  job: JobContext,
): { readonly version: DatasetVersion; readonly isNew: boolean } {
  const { workspace, clock } = context;
  const existing = workspace.datasets.version(result.digest);
  if (existing !== undefined) return { version: existing.version, isNew: false };
  const { manifest, artifacts } = result;
  if (manifest === null)
    throw new LightbenchError(
      'internal.unexpected',
      `The import left out version ${result.digest}, which does not exist.`,
    );
  const createdAt = isoTime(clock);
  const report: QualityReport = { ...result.quality, datasetDigest: result.digest, createdAt };
  const quality = workspace.artifacts.put(Buffer.from(JSON.stringify(report)));

  const version = workspace.transaction(() => {
    const known = workspace.datasets.byName(options.name);
    requireKind(known, result.kind);
    const dataset = known ?? { id: newId('dataset', clock.nowMs()), name: options.name, kind: result.kind, createdAt };
    if (known === undefined) workspace.datasets.insert(dataset);
    const previous = workspace.datasets.versions(dataset.id)[0];
    const record: DatasetVersion = {
      digest: result.digest,
      datasetId: dataset.id,
      name: dataset.name,
      version: (previous?.version ?? 0) + 1,
      kind: result.kind,
      source: { uri: path, format: result.format },
      createdAt,
      createdBy: job.createdBy,
      licence: options.licence,
      description: options.description,
      schema: result.schema,
      target: result.target,
      rows: result.rows,
      classes: result.classes,
      splits: result.splits,
      sizeBytes: artifacts.reduce((sum, artifact) => sum + artifact.sizeBytes, 0),
      image: result.image,
      qualityDigest: quality.digest,
      ...(result.edges === undefined ? {} : { edges: result.edges }),
    };
    workspace.datasets.insertVersion(record, manifest.digest);
    const title = `${record.name}@${record.version}`;
    for (const artifact of artifacts)
      workspace.artifactRecords.reference(artifact, artifact.kind, `dataset ${title}`, artifact.role, createdAt);
    workspace.artifactRecords.reference(quality, 'quality report', `dataset ${title}`, 'quality', createdAt);
    workspace.lineage.node({ digest: record.digest, kind: 'dataset', title });
    if (previous !== undefined) workspace.lineage.edge(previous.digest, record.digest, 'next version');
    workspace.ledger.append({
      actor: job.createdBy,
      action: 'dataset.imported',
      subject: record.digest,
      summary: `${job.createdBy} imported ${title}: ${record.rows} rows from ${path}.`,
      payload: {
        dataset: record.datasetId,
        version: record.version,
        manifest: manifest.digest,
        rows: record.rows,
        format: record.source.format,
        licence: record.licence,
        unreadable: report.unreadable.length,
      },
    });
    return record;
  });
  return { version, isNew: true };
}

/** Versions of one dataset are of one kind: a new one must be able to stand in for the last. */
export function requireKind(
  known: { readonly name: string; readonly kind: DatasetVersion['kind'] } | undefined,
  kind: DatasetVersion['kind'],
): void {
  if (known !== undefined && known.kind !== kind)
    throw new LightbenchError(
      'record.exists',
      `“${known.name}” is a dataset of the kind ${known.kind}; this would be one of the kind ${kind}.`,
      { suggestion: 'Import it under another name.' },
    );
}
