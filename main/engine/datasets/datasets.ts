import { basename, resolve } from 'node:path';
import {
  type DatasetVersion,
  type ImportOptions,
  type Item,
  type ItemFilter,
  type QualityReport,
  qualityReport,
} from '../../contract/datasets.ts';
import { LightbenchError } from '../../contract/errors.ts';
import { sourceError } from '../../contract/source-errors.ts';
import type { AssetReply } from '../../contract/wire.ts';
import type { DatasetFiles } from '../../formats/dataset-pack/dataset-files.ts';
import { flagNames, type SliceInfo, splitNames } from '../../formats/dataset-pack/dataset-index.ts';
import { encodePng } from '../../formats/image/decode-image.ts';
import type { AssetHandler, Caller, EngineContext, HandlersOf } from '../core/context.ts';
import type { Jobs } from '../jobs/index.ts';
import { filterItems, type ItemPredictions } from './filter-items.ts';
import { type ImportSpecification, importJob } from './import-job.ts';
import { inspectSource } from './inspect.ts';
import { describedBy, toYaml } from './metadata.ts';
import { damaged, type OpenDataset, OpenDatasets } from './open-datasets.ts';
import { spriteSheet } from './sprite-sheet.ts';

export type { ItemPredictions } from './filter-items.ts';

/** Items of one sheet; more are asked for in several. */
const SHEET_ITEMS = 1024;

/** What datasets ask of the domains that are built upon them. */
export interface DatasetNeighbours {
  /** The label of every item at the head of a label set. @throws LightbenchError record.not_found */
  labels(labelSetId: string): ArrayLike<number>;
  /** What the best checkpoint of a run said of every item of the dataset; undefined before it was evaluated. */
  predictions(runId: string, datasetDigest: string): ItemPredictions | undefined;
}

export interface DatasetSettings {
  /** Bytes of one pack: what a killed import loses at most. */
  readonly packSizeBytes?: number;
}

/** Datasets: import, versions, quality, items. */
export class Datasets {
  readonly #context: EngineContext;
  readonly #jobs: Jobs;
  readonly #neighbours: DatasetNeighbours;
  readonly #open: OpenDatasets;

  readonly handlers: HandlersOf<'datasets'> = {
    'datasets.list': () => this.list(),
    'datasets.get': ({ digest }) => this.get(digest),
    'datasets.inspect': ({ path }) =>
      inspectSource(resolve(path)).catch((error: unknown) => {
        throw sourceError(error);
      }),
    'datasets.import': ({ path, options }, caller) => this.startImport(path, options, caller),
    'datasets.quality': ({ digest }) => this.#quality(digest),
    'datasets.items': ({ digest, filter }) => this.#items(digest, filter),
    'datasets.rows': (input) => this.#rows(input),
    'datasets.metadata': ({ digest }) => ({ yaml: toYaml(this.get(digest)) }),
    'datasets.describe': ({ digest, yaml }, caller) => this.#describe(digest, yaml, caller),
  };

  readonly assetHandlers: {
    readonly 'datasets.sheet': AssetHandler<'datasets.sheet'>;
    readonly 'datasets.image': AssetHandler<'datasets.image'>;
  } = {
    'datasets.sheet': async ({ digest, indices, size, columns }) => {
      if (indices.length > SHEET_ITEMS)
        throw new LightbenchError(
          'request.invalid',
          `A sheet holds at most ${SHEET_ITEMS} items, ${indices.length} were asked for.`,
        );
      const { files } = this.#pictures(digest);
      const images = await Promise.all(
        indices.map((index) => (index < files.count ? this.#picture(files, index, 'thumbnail') : undefined)),
      );
      return png(await spriteSheet(images, size, columns));
    },
    'datasets.image': async ({ digest, index }) => {
      const { files } = this.#pictures(digest);
      this.#requireItem(files, index);
      return png(await encodePng(await this.#picture(files, index, 'image')));
    },
  };

  constructor(context: EngineContext, jobs: Jobs, neighbours: DatasetNeighbours, settings: DatasetSettings = {}) {
    this.#context = context;
    this.#jobs = jobs;
    this.#neighbours = neighbours;
    this.#open = new OpenDatasets(context.workspace);
    jobs.define(importJob(context, settings.packSizeBytes));
  }

  list(): { id: string; name: string; kind: DatasetVersion['kind']; versions: DatasetVersion[] }[] {
    const { datasets } = this.#context.workspace;
    return datasets.list().map(({ id, name, kind }) => ({ id, name, kind, versions: datasets.versions(id) }));
  }

  /** @throws LightbenchError record.not_found */
  get(digest: string): DatasetVersion {
    return this.#stored(digest).version;
  }

  /** The artifact that locates the items; what a worker opens. @throws LightbenchError record.not_found */
  manifestDigest(digest: string): string {
    return this.#stored(digest).manifestDigest;
  }

  /** Whether there is a dataset of this name. */
  exists(name: string): boolean {
    return this.#context.workspace.datasets.byName(name) !== undefined;
  }

  /** Imported class index of every item, -1 = unlabeled. */
  labels(digest: string): Int32Array {
    return this.#open.get(digest).files.index.columns.labels;
  }

  /** Items of a split, ascending. */
  splitItems(digest: string, split: (typeof splitNames)[number]): Uint32Array {
    return this.#open.get(digest).files.splitItems(split);
  }

  startImport(path: string, options: ImportOptions, caller: Pick<Caller, 'userName'>): { jobId: string } {
    const { validation, test } = options.splits;
    if (validation + test >= 1)
      throw new LightbenchError(
        'request.invalid',
        `Validation (${validation}) and test (${test}) leave nothing for training.`,
      );
    const specification: ImportSpecification = { path: resolve(path), options };
    const job = this.#jobs.start({
      kind: 'import',
      title: `Import ${options.name} from ${basename(path)}`,
      createdBy: caller.userName,
      specification,
      subject: { path: specification.path },
      resumable: true,
    });
    return { jobId: job.id };
  }

  close(): Promise<void> {
    return this.#open.close();
  }

  #stored(digest: string): { readonly version: DatasetVersion; readonly manifestDigest: string } {
    const stored = this.#context.workspace.datasets.version(digest);
    if (stored === undefined)
      throw new LightbenchError('record.not_found', `No dataset version has the digest ${digest}.`);
    return stored;
  }

  #quality(digest: string): QualityReport {
    const { qualityDigest, name } = this.get(digest);
    if (qualityDigest === null) throw new LightbenchError('record.not_found', `${name} has no quality report.`);
    return qualityReport.parse(JSON.parse(this.#context.workspace.artifacts.read(qualityDigest).toString('utf8')));
  }

  async #items(digest: string, filter: ItemFilter): Promise<{ total: number; indices: number[] }> {
    const dataset = this.#open.get(digest);
    const { index } = dataset.files;
    const text = filter.search?.trim() ?? '';
    const found =
      text !== '' && dataset.files.tablePath !== null
        ? await (await dataset.rows()).search(
            text,
            this.get(digest).schema.map((column) => column.name),
          )
        : undefined;
    const indices = filterItems(filter, {
      index,
      labels: this.#currentLabels(dataset, filter.labelSetId),
      predictions: this.#predictions(digest, filter.runId),
      found,
    });
    return { total: indices.length, indices };
  }

  async #rows(input: {
    digest: string;
    indices: readonly number[];
    labelSetId?: string | undefined;
    runId?: string | undefined;
  }): Promise<Item[]> {
    const dataset = this.#open.get(input.digest);
    const { columns, names, slices } = dataset.files.index;
    const labels = this.#currentLabels(dataset, input.labelSetId);
    const predictions = this.#predictions(input.digest, input.runId);
    for (const index of input.indices) this.#requireItem(dataset.files, index);
    const table =
      dataset.files.tablePath === null
        ? undefined
        : await (await dataset.rows()).read(input.indices, plainColumns(this.get(input.digest)));
    return input.indices.map((index, i): Item => {
      const picture = table === undefined;
      const confidence = predictions?.confidence[index] ?? Number.NaN;
      return {
        index,
        digest: picture
          ? Buffer.from(columns.digests.subarray(32 * index, 32 * index + 32)).toString('hex')
          : input.digest,
        name: names[index] ?? `row ${index + 1}`,
        split: splitNames[columns.splits[index]],
        width: picture ? columns.widths[index] : null,
        height: picture ? columns.heights[index] : null,
        label: columns.labels[index],
        currentLabel: labels[index],
        predicted: predictions?.predicted[index] ?? null,
        confidence: Number.isNaN(confidence) ? null : confidence,
        flags: flagNames.filter((_, bit) => columns.flags[index] & (1 << bit)),
        values: table?.[i] ?? (slices[index] === undefined ? null : sliceValues(slices[index])),
      };
    });
  }

  #describe(digest: string, yaml: string, caller: Caller): DatasetVersion {
    const { workspace } = this.#context;
    const version = this.get(digest);
    const described = describedBy(version, yaml);
    const taken = workspace.datasets.byName(described.name);
    if (taken !== undefined && taken.id !== version.datasetId)
      throw new LightbenchError('record.exists', `Another dataset is called “${described.name}”.`);
    workspace.transaction(() => {
      if (described.name !== version.name) {
        workspace.datasets.rename(version.datasetId, described.name);
        for (const other of workspace.datasets.versions(version.datasetId)) {
          workspace.datasets.updateVersion({ ...other, name: described.name });
          workspace.lineage.node({
            digest: other.digest,
            kind: 'dataset',
            title: `${described.name}@${other.version}`,
          });
        }
      }
      workspace.datasets.updateVersion(described);
      workspace.ledger.append({
        actor: caller.userName,
        action: 'dataset.described',
        subject: digest,
        summary: `${caller.userName} changed the description of ${version.name}@${version.version}.`,
        payload: {
          name: described.name,
          licence: described.licence,
          description: described.description,
          previousName: version.name,
          previousLicence: version.licence,
        },
      });
    });
    this.#context.changed('datasets', [digest], caller.userName);
    return described;
  }

  #currentLabels(dataset: OpenDataset, labelSetId: string | undefined): ArrayLike<number> {
    return labelSetId === undefined ? dataset.files.index.columns.labels : this.#neighbours.labels(labelSetId);
  }

  #predictions(digest: string, runId: string | undefined): ItemPredictions | undefined {
    return runId === undefined ? undefined : this.#neighbours.predictions(runId, digest);
  }

  #pictures(digest: string): OpenDataset {
    const dataset = this.#open.get(digest);
    if (dataset.files.manifest.kind === 'table')
      throw new LightbenchError('request.invalid', 'A table has no pictures.');
    return dataset;
  }

  #picture(files: DatasetFiles, index: number, size: 'image' | 'thumbnail') {
    return files[size](index).catch((error: unknown) => {
      throw damaged(error);
    });
  }

  #requireItem(files: DatasetFiles, index: number): void {
    if (index >= files.count)
      throw new LightbenchError('record.not_found', `There is no item ${index}; the dataset has ${files.count}.`);
  }
}

function png(bytes: Uint8Array): AssetReply {
  return { contentType: 'image/png', bytes, immutable: true };
}

/** Column types as the Parquet file has them. */
function plainColumns(
  version: DatasetVersion,
): { name: string; type: 'number' | 'integer' | 'boolean' | 'time' | 'text' }[] {
  return version.schema.map(({ name, type }) => ({
    name,
    type: type === 'number' || type === 'integer' || type === 'boolean' || type === 'time' ? type : 'text',
  }));
}

function sliceValues(slice: SliceInfo): Record<string, unknown> {
  return {
    series: slice.series + 1,
    modality: slice.modality,
    'location (mm)': slice.locationMm,
    'position (mm)': slice.position?.join(', ') ?? null,
    'pixel spacing (mm)': slice.pixelSpacingMm?.join(' × ') ?? null,
    'slice thickness (mm)': slice.sliceThicknessMm,
    'window center': slice.window.center,
    'window width': slice.window.width,
  };
}
