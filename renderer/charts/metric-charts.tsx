import { useMemo } from 'react';
import type { MetricSeries } from '../../main/contract/training.ts';
import { formatDuration } from '../components/format.ts';
import type { Abscissa, ChartSettings } from './chart-settings.tsx';
import { Legend } from './legend.tsx';
import { LineChart } from './line-chart.tsx';
import classes from './metric-charts.module.css';
import type { MetricGroup } from './metric-groups.ts';
import { groupMetrics, isHeldOut, metricTitle } from './metric-groups.ts';
import type { LineSeries } from './series.ts';
import { thin } from './series.ts';
import { isDashed, seriesColor } from './series-color.ts';
import { formatTick } from './ticks.ts';

export interface ChartedRun {
  readonly id: string;
  readonly name: string;
}

export interface MetricChartsProps {
  readonly runs: readonly ChartedRun[];
  readonly series: readonly MetricSeries[];
  readonly settings: ChartSettings;
  readonly syncKey: string;
  readonly height?: number;
}

/** More than a screen has pixels to show. */
const maximumPoints = 1500;
/** A curve of so few values, one an epoch, is not noise to be smoothed away. */
const exactValues = 30;

const axes: Readonly<
  Record<Abscissa, { label: string; of: (series: MetricSeries) => readonly number[]; format: (x: number) => string }>
> = {
  step: { label: 'step', of: ({ steps }) => steps, format: formatTick },
  epoch: { label: 'epoch', of: ({ epochs }) => epochs, format: formatTick },
  time: { label: 'time', of: ({ elapsedMs }) => elapsedMs, format: (ms) => formatDuration(ms) },
};

/** One chart per quantity, the curves of all runs in each; crosshair and zoom are shared. */
export function MetricCharts({ runs, series, settings, syncKey, height = 200 }: MetricChartsProps) {
  const groups = useMemo(() => groupMetrics([...new Set(series.map(({ key }) => key))]), [series]);
  return (
    <div className={classes.grid}>
      {groups.map((group) => (
        <MetricChart
          key={group.base}
          group={group}
          runs={runs}
          series={series}
          settings={settings}
          syncKey={syncKey}
          height={height}
        />
      ))}
    </div>
  );
}

/** With several runs the colours are explained once, above the charts; here only what a dashed line is. */
function lineStyles(group: MetricGroup) {
  return group.keys.map((key) => ({
    id: key,
    label: metricTitle(key),
    color: 'var(--lb-text-muted)',
    dashed: isHeldOut(key),
  }));
}

interface MetricChartProps extends MetricChartsProps {
  readonly group: MetricGroup;
  readonly height: number;
}

function MetricChart({ group, runs, series, settings, syncKey, height }: MetricChartProps) {
  const axis = axes[settings.abscissa];
  const single = runs.length === 1;
  const lines = useMemo<readonly LineSeries[]>(() => {
    const shown = series
      .filter(({ key }) => group.keys.includes(key))
      .sort((a, b) => group.keys.indexOf(a.key) - group.keys.indexOf(b.key));
    return shown.map((entry) => {
      const position = single ? group.keys.indexOf(entry.key) : runs.findIndex(({ id }) => id === entry.runId);
      const curve = thin({ x: axis.of(entry), y: entry.values }, maximumPoints);
      const runName = runs[position]?.name ?? entry.runId;
      return {
        id: `${entry.runId} ${entry.key}`,
        label: single
          ? metricTitle(entry.key)
          : group.keys.length === 1
            ? runName
            : `${runName} · ${metricTitle(entry.key)}`,
        color: seriesColor(Math.max(0, position)),
        dashed: isHeldOut(entry.key) && group.keys.length > 1 ? true : !single && isDashed(position),
        noisy: entry.steps.length > exactValues,
        ...curve,
      };
    });
  }, [group, runs, series, axis, single]);
  return (
    <section className={classes.chart} aria-label={group.title}>
      <header className={classes.header}>
        <h2 className={classes.title}>{group.title}</h2>
        {(single ? lines.length > 1 : group.keys.length > 1) && <Legend entries={single ? lines : lineStyles(group)} />}
      </header>
      <LineChart
        title={group.title}
        series={lines}
        xLabel={axis.label}
        height={height}
        smoothing={lines.some(({ noisy }) => noisy) && !group.exact ? settings.smoothing : 0}
        logX={settings.logX}
        logY={settings.logY && !group.system}
        syncKey={syncKey}
        formatX={axis.format}
        formatY={group.format}
      />
    </section>
  );
}
