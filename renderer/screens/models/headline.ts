import { formatMetric, metricTitle } from '../../charts/metric-groups.ts';

export interface Headline {
  readonly key: string;
  readonly title: string;
  readonly text: string;
}

const order = [
  'test.accuracy',
  'test.recall_at_1',
  'test.macro_f1',
  'test.loss',
  'test.rmse',
  'test.r2',
  'best.validation_accuracy',
  'best.validation_loss',
];

/** The figures by which a version is judged, those measured on test data first. */
export function headlines(metrics: Readonly<Record<string, number>>, limit: number): readonly Headline[] {
  const place = (key: string) =>
    order.indexOf(key) + 1 || (key.startsWith('test') ? 50 : /^(best|validation)/.test(key) ? 70 : 100);
  return Object.keys(metrics)
    .sort((a, b) => place(a) - place(b) || a.localeCompare(b))
    .slice(0, limit)
    .map((key) => ({ key, title: metricTitle(key), text: formatMetric(key, metrics[key]) }));
}
