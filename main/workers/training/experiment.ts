import type { CheckpointState, Preprocessing } from '../../contract/checkpoint.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { ExperimentInput } from '../../contract/training-worker.ts';
import type { Target } from '../../graph/index.ts';
import { type Model, modelFor, type TargetScale } from '../../models/index.ts';
import type { SessionSettings } from '../../runtime/index.ts';
import { type ItemSets, itemSets } from './item-sets.ts';
import { type PreparedSet, prepareImages, prepareTable } from './prepared-set.ts';
import { openRawData, type RawData } from './raw-data.ts';
import { imagePreprocessing, moments, tablePreprocessing } from './statistics.ts';

/** What training and evaluating have in common: the data of a run and the model that fits them. */
export interface Experiment {
  readonly input: ExperimentInput;
  readonly sets: ItemSets;
  readonly preprocessing: Preprocessing;
  readonly targetScale: TargetScale | null;
  readonly model: Model;
  readonly target: Target;
  readonly settings: SessionSettings;
  /** Sentences about the data that the person should know: filled gaps, columns left out. */
  readonly notes: readonly string[];
  /** Class of an item, or its number to predict in its own units. */
  truth(item: number): number;
  prepare(items: Int32Array, onProgress?: (done: number, total: number) => void): Promise<PreparedSet>;
  close(): void;
}

/**
 * @param known what a checkpoint already fixed: statistics are taken once, from train, and never again
 * @throws LightbenchError source.empty when no item can be learned from, config.invalid when the model does not fit
 */
export async function openExperiment(
  input: ExperimentInput,
  known: Pick<CheckpointState, 'preprocessing' | 'targetScale'> | null,
): Promise<Experiment> {
  const { config, columns, target, labels } = input;
  const raw = openRawData(input.workspaceFolder, input.manifestDigest);
  const numbers = await raw.numbers(columns);
  const targetNumbers =
    labels === null && target !== null ? await raw.numbers([{ name: target, type: 'number', nullable: true }]) : null;
  const sets = itemSets(raw.splits, labels, (item) => !Number.isNaN(targetNumbers?.[item]), config);
  if (sets.train.length === 0)
    throw new LightbenchError('source.empty', 'The train split has no item with a label to learn from.', {
      suggestion: 'Label some items of the train split, or choose another label set.',
    });
  const preprocessing = known?.preprocessing ?? (await findPreprocessing(input, raw, numbers, sets));
  const targetScale = known === null ? scaleOf(targetNumbers, sets) : known.targetScale;
  const settings: SessionSettings = { provider: input.provider, threads: input.threads };
  return {
    input,
    sets,
    preprocessing,
    targetScale,
    model: modelFor(config.model, preprocessing, input.classes.length),
    target: targetOf(input),
    settings,
    notes: notesOf(input, numbers, sets),
    truth: (item) => (labels === null ? (targetNumbers?.[item] ?? Number.NaN) : labels[item]),
    prepare: async (items, onProgress) => {
      // The processor prepares: pictures are decoded there anyway, and what is shipped is checked against it.
      const onCpu: SessionSettings = { ...settings, provider: 'cpu' };
      if (preprocessing.kind === 'table') return prepareTable(numbers, items, preprocessing, onCpu);
      if (raw.images === null) throw new LightbenchError('source.inconsistent', 'The dataset holds no pictures.');
      return prepareImages(raw.images, items, preprocessing, onCpu, onProgress);
    },
    close: () => raw.close(),
  };
}

export function targetOf(input: Pick<ExperimentInput, 'provider' | 'blockSize'>): Target {
  if (input.provider !== 'cpu') return { provider: 'standard' };
  return input.blockSize === null ? { provider: 'cpu' } : { provider: 'cpu', blockSize: input.blockSize };
}

async function findPreprocessing(
  input: ExperimentInput,
  raw: RawData,
  numbers: Float64Array,
  sets: ItemSets,
): Promise<Preprocessing> {
  const { config, columns } = input;
  if (raw.images === null) return tablePreprocessing(columns, numbers, sets.train, config.preprocessing);
  return imagePreprocessing(raw.images, sets.train, config.preprocessing);
}

function scaleOf(targetNumbers: Float64Array | null, sets: ItemSets): TargetScale | null {
  if (targetNumbers === null) return null;
  const { mean, deviation } = moments(targetNumbers, 1, 0, sets.train);
  return { mean, deviation };
}

function notesOf(input: ExperimentInput, numbers: Float64Array, sets: ItemSets): string[] {
  return input.columns.flatMap((column, place) => {
    const { mean, missing } = moments(numbers, input.columns.length, place, sets.train);
    if (missing === 0) return [];
    const filled = column.categories === undefined ? `their mean, ${mean.toPrecision(4)}` : 'no category';
    return [`${missing} of ${sets.train.length} values of ${column.name} are missing in train and become ${filled}.`];
  });
}
