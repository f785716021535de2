import { useComputedColorScheme } from '@mantine/core';
import type { KeyboardEvent } from 'react';
import { useEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { formatNumber } from '../components/format.ts';
import styles from './line-chart.module.css';
import type { AlignedCurves, LineSeries } from './series.ts';
import { align, describeCurves, smooth, valuesAt } from './series.ts';
import { formatTick } from './ticks.ts';

export interface LineChartProps {
  readonly title: string;
  readonly series: readonly LineSeries[];
  readonly xLabel: string;
  readonly height?: number;
  /** Weight of the past in the moving average, 0 = off. The raw curve stays visible, faint. */
  readonly smoothing?: number;
  readonly logX?: boolean;
  readonly logY?: boolean;
  /** Charts with the same key share their crosshair and their zoom. */
  readonly syncKey?: string;
  readonly formatX?: (value: number) => string;
  readonly formatY?: (value: number) => string;
}

/** Curves of so few points show each of them: one alone would be no line. */
const markedPoints = 40;

interface Crosshair {
  readonly row: number;
  readonly left: number;
}

/** Curves over a common axis: drag to zoom, double-click to go back, arrow keys move the crosshair. */
export function LineChart(props: LineChartProps) {
  const { title, series, xLabel, height = 220, smoothing = 0, logX = false, logY = false, syncKey } = props;
  const formatX = props.formatX ?? formatTick;
  const formatY = props.formatY ?? formatNumber;
  const scheme = useComputedColorScheme('light');
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [crosshair, setCrosshair] = useState<Crosshair | null>(null);
  const [zoomed, setZoomed] = useState(false);

  const aligned = useMemo(() => {
    const raw = series.map(({ x, y }) => ({ x, y }));
    const smoothed =
      smoothing > 0 ? series.map(({ x, y, noisy }) => ({ x, y: noisy === false ? y : smooth(y, smoothing) })) : [];
    return align([...raw, ...smoothed], { positiveX: logX, positiveY: logY });
  }, [series, smoothing, logX, logY]);
  const latest = useRef(aligned);
  latest.current = aligned;
  const formats = useRef({ formatX, formatY });
  formats.current = { formatX, formatY };

  // The plot is made anew when its structure changes and only given new data when points arrive.
  const structure = JSON.stringify([
    series.map(({ id, color, dashed, x }) => [id, color, dashed, x.length <= markedPoints]),
    smoothing > 0,
    logX,
    logY,
    height,
    scheme,
    syncKey,
  ]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `structure` stands for everything that the plot is built from
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const instance = new uPlot(
      options(element, series, { height, smoothing, logX, logY, syncKey, formats, setCrosshair, setZoomed }),
      toData(latest.current),
      element,
    );
    plot.current = instance;
    setZoomed(false);
    const observer = new ResizeObserver(() => instance.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      instance.destroy();
      plot.current = null;
    };
  }, [structure]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a zoom must survive new points, so only data arriving counts
  useEffect(() => {
    const instance = plot.current;
    if (instance === null) return;
    if (!zoomed) instance.setData(toData(aligned));
    else {
      const { min, max } = instance.scales.x ?? {};
      instance.setData(toData(aligned), false);
      if (typeof min === 'number' && typeof max === 'number') instance.setScale('x', { min, max });
    }
  }, [aligned]);

  const resetZoom = () => {
    const { x } = latest.current;
    if (x.length > 0) plot.current?.setScale('x', { min: x[0] as number, max: x.at(-1) as number });
    setZoomed(false);
  };
  const moveCrosshair = (event: KeyboardEvent) => {
    const instance = plot.current;
    if (event.key === 'Escape' && zoomed) return resetZoom();
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (instance === null || step === 0 || aligned.x.length === 0) return;
    event.preventDefault();
    const stride = Math.max(1, Math.round(aligned.x.length / 200)) * step;
    const row = Math.min(aligned.x.length - 1, Math.max(0, (crosshair?.row ?? aligned.x.length - 1) + stride));
    instance.setCursor({ left: instance.valToPos(aligned.x[row] as number, 'x'), top: height / 3 });
  };

  return (
    <div className={styles.chart}>
      <div
        ref={host}
        className={styles.plot}
        style={{ height }}
        role="img"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move the crosshair
        tabIndex={0}
        aria-label={`${title} by ${xLabel}. ${describeCurves(series, formatY)}`}
        onKeyDown={moveCrosshair}
        onBlur={() => setCrosshair(null)}
      />
      {zoomed && (
        <button type="button" className={styles.reset} onClick={resetZoom}>
          Whole range
        </button>
      )}
      {crosshair !== null && (
        <Tooltip
          crosshair={crosshair}
          aligned={aligned}
          series={series}
          smoothed={smoothing > 0}
          hostWidth={host.current?.clientWidth ?? 0}
          heading={`${xLabel} ${formatX(aligned.x[crosshair.row] ?? 0)}`}
          formatY={formatY}
        />
      )}
    </div>
  );
}

interface TooltipProps {
  readonly crosshair: Crosshair;
  readonly aligned: AlignedCurves;
  readonly series: readonly LineSeries[];
  readonly smoothed: boolean;
  readonly hostWidth: number;
  readonly heading: string;
  readonly formatY: (value: number) => string;
}

const tooltipRows = 12;

function Tooltip({ crosshair, aligned, series, smoothed, hostWidth, heading, formatY }: TooltipProps) {
  const values = valuesAt(aligned, crosshair.row);
  const offset = smoothed ? series.length : 0;
  const rows = series.map((entry, index) => ({ entry, value: values[index + offset] ?? null, raw: values[index] }));
  const right = crosshair.left > hostWidth / 2;
  return (
    <div
      className={styles.tooltip}
      style={right ? { right: hostWidth - crosshair.left + 12 } : { left: crosshair.left + 12 }}
      aria-hidden
    >
      <div className={styles.heading}>{heading}</div>
      {rows.slice(0, tooltipRows).map(({ entry, value, raw }) => (
        <div key={entry.id} className={styles.row}>
          <span
            className={styles.swatch}
            style={{ borderTopColor: entry.color }}
            data-dashed={entry.dashed || undefined}
          />
          <span className={styles.label}>{entry.label}</span>
          <span className={styles.value}>{value === null ? '–' : formatY(value)}</span>
          {smoothed && <span className={styles.raw}>{raw === null || raw === undefined ? '' : formatY(raw)}</span>}
        </div>
      ))}
      {rows.length > tooltipRows && <div className={styles.more}>and {rows.length - tooltipRows} more</div>}
    </div>
  );
}

interface PlotOptions {
  readonly height: number;
  readonly smoothing: number;
  readonly logX: boolean;
  readonly logY: boolean;
  readonly syncKey: string | undefined;
  readonly formats: { readonly current: { formatX: (value: number) => string; formatY: (value: number) => string } };
  readonly setCrosshair: (crosshair: Crosshair | null) => void;
  readonly setZoomed: (zoomed: boolean) => void;
}

function options(element: HTMLElement, series: readonly LineSeries[], plot: PlotOptions): uPlot.Options {
  const style = getComputedStyle(element);
  const resolve = (color: string) =>
    color.startsWith('var(') ? style.getPropertyValue(color.slice(4, -1)).trim() : color;
  const axis = {
    stroke: resolve('var(--lb-text-muted)'),
    grid: { stroke: resolve('var(--lb-border)'), width: 1 },
    ticks: { show: false },
    font: `11px ${style.fontFamily}`,
  } satisfies uPlot.Axis;
  const line = (entry: LineSeries, faint: boolean): uPlot.Series => ({
    label: entry.label,
    stroke: resolve(entry.color),
    width: faint ? 1 : 1.5,
    alpha: faint ? 0.25 : 1,
    spanGaps: true,
    points: { show: !faint && entry.x.length <= markedPoints, size: 5 },
    ...(entry.dashed ? { dash: [5, 3] } : {}),
  });
  const smoothed = plot.smoothing > 0;
  return {
    width: Math.max(80, element.clientWidth),
    height: plot.height,
    legend: { show: false },
    padding: [8, 20, 0, 0],
    scales: {
      x: { time: false, distr: plot.logX ? 3 : 1 },
      y: { distr: plot.logY ? 3 : 1 },
    },
    axes: [
      {
        ...axis,
        size: 26,
        gap: 4,
        values: (_plot, ticks) => ticks.map((tick) => label(tick, plot.formats.current.formatX)),
      },
      { ...axis, size: 52, gap: 6, values: (_plot, ticks) => ticks.map((tick) => label(tick, formatTick)) },
    ],
    series: [
      {},
      ...series.map((entry) => line(entry, smoothed)),
      ...(smoothed ? series.map((entry) => line(entry, false)) : []),
    ],
    cursor: {
      y: false,
      points: { size: 6 },
      drag: { x: true, y: false, dist: 4 },
      ...(plot.syncKey === undefined ? {} : { sync: { key: plot.syncKey, scales: ['x', null] } }),
    },
    hooks: {
      setCursor: [
        (instance) => {
          const { idx, left } = instance.cursor;
          plot.setCrosshair(
            idx === null || idx === undefined || left === undefined || left < 0
              ? null
              : { row: idx, left: left + instance.bbox.left / devicePixelRatio },
          );
        },
      ],
      setSelect: [(instance) => plot.setZoomed(instance.select.width > 0)],
    },
  };
}

function label(tick: number | null, format: (value: number) => string): string {
  return tick === null || tick === undefined ? '' : format(tick);
}

function toData(aligned: AlignedCurves): uPlot.AlignedData {
  return [aligned.x as number[], ...aligned.columns.map((column) => column as (number | null)[])];
}
