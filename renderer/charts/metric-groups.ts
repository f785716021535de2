import { formatBytes, formatCount, formatDuration, formatNumber, formatPercent } from '../components/format.ts';

export interface MetricGroup {
  /** The quantity without the data it was measured on: loss, accuracy. */
  readonly base: string;
  readonly title: string;
  /** Curves of one chart: the same quantity on train and validation data. */
  readonly keys: readonly string[];
  readonly format: (value: number) => string;
  /** True for what describes the machine rather than the model. */
  readonly system: boolean;
  /** Set rather than measured: never smoothed. */
  readonly exact: boolean;
}

interface Quantity {
  readonly title: string;
  readonly format: (value: number) => string;
  readonly system?: boolean;
  readonly exact?: boolean;
  /** Place among the charts. */
  readonly rank: number;
}

const percent = (value: number) => formatPercent(value);
const quantities: Readonly<Record<string, Quantity>> = {
  loss: { title: 'Loss', format: formatNumber, rank: 0 },
  accuracy: { title: 'Accuracy', format: percent, rank: 1 },
  rmse: { title: 'Root mean squared error', format: formatNumber, rank: 1 },
  mae: { title: 'Mean absolute error', format: formatNumber, rank: 2 },
  r2: { title: 'R²', format: formatNumber, rank: 2 },
  smape: { title: 'sMAPE', format: formatNumber, rank: 2 },
  naive_mae: { title: 'Mean absolute error of the newest value', format: formatNumber, rank: 2 },
  perplexity: { title: 'Perplexity', format: formatNumber, rank: 1 },
  mean_iou: { title: 'Mean IoU', format: formatNumber, rank: 1 },
  mean_dice: { title: 'Mean Dice', format: formatNumber, rank: 1 },
  pixel_accuracy: { title: 'Pixels right', format: percent, rank: 2 },
  average_precision: { title: 'Average precision', format: percent, rank: 1 },
  average_precision_50: { title: 'Average precision at overlap 0.5', format: percent, rank: 1 },
  recall_at_1: { title: 'Recall at 1', format: percent, rank: 1 },
  recall_at_5: { title: 'Recall at 5', format: percent, rank: 1 },
  map_at_r: { title: 'Mean average precision at R', format: percent, rank: 1 },
  r_precision: { title: 'R-precision', format: percent, rank: 2 },
  knn_accuracy: { title: 'k-NN accuracy', format: percent, rank: 2 },
  confident_share: { title: 'Samples a classifier is sure of', format: percent, rank: 1 },
  frechet_distance: { title: 'Fréchet distance', format: formatNumber, rank: 2 },
  learning_rate: { title: 'Learning rate', format: formatNumber, exact: true, rank: 3 },
  gradient_norm: { title: 'Gradient norm', format: formatNumber, rank: 4 },
  samples_per_second: { title: 'Samples per second', format: formatNumber, system: true, rank: 10 },
  steps_per_second: { title: 'Steps per second', format: formatNumber, system: true, rank: 11 },
  epoch_seconds: {
    title: 'Time per epoch',
    format: (seconds) => formatDuration(seconds * 1000),
    system: true,
    rank: 14,
  },
  step: { title: 'Step', format: formatCount, rank: 20 },
  step_ms: { title: 'Time per step', format: formatDuration, system: true, rank: 12 },
  data_wait_share: { title: 'Time waiting for data', format: percent, system: true, rank: 12 },
  cpu_share: { title: 'Processor', format: percent, system: true, rank: 13 },
  gpu_share: { title: 'GPU', format: percent, system: true, rank: 13 },
  gpu_memory_bytes: { title: 'GPU memory', format: formatBytes, system: true, rank: 13 },
  memory_bytes: { title: 'Memory', format: formatBytes, system: true, rank: 13 },
};

const subsets = ['train', 'validation', 'test', 'best'] as const;
const separator = /[._/]/;

/** Metric keys put together by what they measure, the most looked-at first. */
export function groupMetrics(keys: readonly string[]): readonly MetricGroup[] {
  const groups = new Map<string, string[]>();
  for (const key of keys) {
    if (hasViewOfItsOwn(key)) continue;
    const { base } = splitMetric(key);
    groups.set(base, [...(groups.get(base) ?? []), key]);
  }
  const rank = (base: string) => quantities[base]?.rank ?? 5;
  return [...groups]
    .sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b))
    .map(([base, members]) => ({
      base,
      title: quantities[base]?.title ?? sentence(base),
      keys: members.sort((a, b) => subsetRank(a) - subsetRank(b)),
      format: quantities[base]?.format ?? formatNumber,
      system: quantities[base]?.system ?? false,
      exact: quantities[base]?.exact ?? false,
    }));
}

/** Figures of single layers, and spikes, are shown elsewhere than in charts. */
const hasViewOfItsOwn = (key: string): boolean => key.startsWith('layer.') || key === 'loss_spike';

/** `validation_loss` → validation, loss. Keys without a known data set before them are whole. */
export function splitMetric(key: string): { readonly subset: string | null; readonly base: string } {
  const first = key.split(separator)[0] ?? '';
  if (!subsets.some((subset) => subset === first) || first === key) return { subset: null, base: key };
  const rest = key.slice(first.length + 1);
  // best.validation_loss: the best value of a curve is still about that curve's quantity.
  return { subset: first, base: first === 'best' ? splitMetric(rest).base : rest };
}

export function formatMetric(key: string, value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  return (quantities[splitMetric(key).base]?.format ?? formatNumber)(value);
}

/** "Validation loss", "Learning rate". */
export function metricTitle(key: string): string {
  // validation_loss is the last point of a curve, validation.loss what the evaluation of the best checkpoint found.
  const evaluated = /^(train|validation)\./.test(key) ? ', evaluated' : '';
  return quantities[key]?.title ?? `${sentence(key.replaceAll('.', ' '))}${evaluated}`;
}

/** Curves on data the model has not learned from are dashed. */
export function isHeldOut(key: string): boolean {
  const { subset } = splitMetric(key);
  return subset === 'validation' || subset === 'test';
}

function subsetRank(key: string): number {
  const { subset } = splitMetric(key);
  return (subsets as readonly (string | null)[]).indexOf(subset);
}

function sentence(text: string): string {
  const words = text.replaceAll('_', ' ').replace(/\bf1\b/, 'F1');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
