import type { Run } from '../../../main/contract/training.ts';
import { formatMetric, metricTitle } from '../../charts/metric-groups.ts';
import { formatCount, formatDuration, formatNumber, formatTime } from '../../components/format.ts';

export type RunColumnKind = 'text' | 'number' | 'choice';

/** A column of the runs table, without the table. */
export interface RunColumn {
  readonly id: string;
  readonly title: string;
  readonly group: 'Run' | 'Metrics' | 'Config';
  readonly kind: RunColumnKind;
  readonly widthPx: number;
  /** What sorting and filtering look at; undefined sorts last. */
  readonly value: (run: Run) => string | number | undefined;
  readonly text: (run: Run) => string;
}

const known: readonly RunColumn[] = [
  plain('name', 'Name', 'text', 230, (run) => run.name),
  plain('status', 'Status', 'choice', 110, (run) => run.status),
  plain('experiment', 'Experiment', 'choice', 130, (run) => run.experiment),
  plain('dataset', 'Dataset', 'choice', 140, (run) => run.datasetName),
  plain('device', 'Device', 'choice', 90, (run) => run.device),
  plain('createdBy', 'By', 'choice', 100, (run) => run.createdBy),
  {
    ...plain('createdAt', 'Created', 'text', 184, (run) => run.createdAt),
    text: (run) => formatTime(run.createdAt),
  },
  numeric('duration', 'Duration', 100, durationMs, formatDuration),
  numeric('epoch', 'Epoch', 80, (run) => run.epoch, formatNumber),
  numeric('step', 'Step', 90, (run) => run.step, formatCount),
  numeric('parameters', 'Parameters', 110, (run) => run.parameters, formatCount),
  plain('note', 'Note', 'text', 200, (run) => run.note),
  plain('id', 'Id', 'text', 150, (run) => run.id),
];

/** Shown until somebody chooses: the facts one looks for first, and the metrics that decide. */
const shownAtFirst: readonly string[] = ['name', 'status', 'experiment', 'dataset', 'createdAt', 'duration'];
const shownMetrics = 4;
const metricOrder = [
  'test.accuracy',
  'best.validation_accuracy',
  'best.validation_loss',
  'validation_accuracy',
  'validation_loss',
  'train_loss',
];
const shownParams: readonly string[] = ['model.kind', 'optimizer.kind', 'optimizer.learningRate'];

/** Every column that these runs have values for: the fixed ones, their metrics, their config keys. */
export function runColumns(runs: readonly Run[]): readonly RunColumn[] {
  const metrics = new Set<string>();
  const params = new Map<string, boolean>();
  const tags = new Set<string>();
  for (const run of runs) {
    for (const key of Object.keys(run.metrics)) metrics.add(key);
    for (const [key, value] of Object.entries(run.params))
      params.set(key, (params.get(key) ?? true) && typeof value === 'number');
    for (const key of Object.keys(run.tags)) tags.add(key);
  }
  return [
    ...known,
    ...[...metrics].sort(byMetric).map(
      (key): RunColumn => ({
        id: `metric:${key}`,
        title: metricTitle(key),
        group: 'Metrics',
        kind: 'number',
        widthPx: widthOf(metricTitle(key)),
        value: (run) => run.metrics[key],
        text: (run) => formatMetric(key, run.metrics[key]),
      }),
    ),
    ...[...params.keys()].sort().map(
      (key): RunColumn => ({
        id: `param:${key}`,
        title: key,
        group: 'Config',
        kind: params.get(key) ? 'number' : 'choice',
        widthPx: 150,
        value: (run) => asValue(run.params[key]),
        text: (run) => (run.params[key] === undefined ? '' : paramText(run.params[key])),
      }),
    ),
    ...[...tags]
      .sort()
      .map((key): RunColumn => plain(`tag:${key}`, `# ${key}`, 'choice', 120, (run) => run.tags[key] ?? '')),
  ];
}

export function isShownAtFirst(columns: readonly RunColumn[], id: string): boolean {
  if (shownAtFirst.includes(id)) return true;
  if (shownParams.some((key) => id === `param:${key}`)) return true;
  const metrics = columns.filter(({ group }) => group === 'Metrics').map((column) => column.id);
  return metrics.indexOf(id) >= 0 && metrics.indexOf(id) < shownMetrics;
}

export function durationMs(run: Pick<Run, 'startedAt' | 'endedAt'>, nowMs = Date.now()): number | undefined {
  if (run.startedAt === null) return undefined;
  const end = run.endedAt === null ? nowMs : new Date(run.endedAt).getTime();
  return Math.max(0, end - new Date(run.startedAt).getTime());
}

export function paramText(value: string | number | boolean): string {
  return String(value);
}

function plain(
  id: string,
  title: string,
  kind: RunColumnKind,
  widthPx: number,
  value: (run: Run) => string,
): RunColumn {
  return { id, title, group: 'Run', kind, widthPx, value: (run) => value(run) || undefined, text: value };
}

function numeric(
  id: string,
  title: string,
  widthPx: number,
  value: (run: Run) => number | undefined,
  format: (value: number) => string,
): RunColumn {
  const text = (run: Run) => {
    const number = value(run);
    return number === undefined ? '–' : format(number);
  };
  return { id, title, group: 'Run', kind: 'number', widthPx, value, text };
}

/** Wide enough for the title with its sort arrow and menu. */
function widthOf(title: string): number {
  return Math.min(240, Math.max(110, 56 + title.length * 7));
}

function asValue(value: string | number | boolean | undefined): string | number | undefined {
  return typeof value === 'boolean' ? String(value) : value;
}

function byMetric(a: string, b: string): number {
  const place = (key: string) => metricOrder.indexOf(key) + 1 || metricOrder.length + 1;
  return place(a) - place(b) || a.localeCompare(b);
}
