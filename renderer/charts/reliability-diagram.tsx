import {
  Bar,
  CartesianGrid,
  Cell,
  ComposedChart,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';
import { formatCount, formatPercent } from '../components/format.ts';
import classes from './charts.module.css';
import { axisLabel, shareAxis } from './ticks.ts';

export interface CalibrationBin {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
  readonly confidence: number | null;
  readonly accuracy: number | null;
}

const widestBarPx = 28;
/** The narrowest the plot gets: bars must not run into each other there. */
const plotPx = 320;
/**
 * How often the model is right when it says how sure it is. Bars on the diagonal are honest, below it overconfident.
 * Pale bars rest on fewer than one percent of the answers.
 */
export function ReliabilityDiagram({
  bins,
  height = 300,
}: {
  readonly bins: readonly CalibrationBin[];
  readonly height?: number;
}) {
  const total = bins.reduce((sum, bin) => sum + bin.count, 0);
  const data = bins.map((bin) => ({ ...bin, middle: (bin.lower + bin.upper) / 2 }));
  const words = bins
    .filter((bin) => bin.count > 0)
    .map((bin) => `${formatPercent(bin.confidence, 0)} sure: ${formatPercent(bin.accuracy, 0)} right of ${bin.count}`);
  return (
    <div role="img" aria-label={`Reliability diagram. ${words.join('. ')}`}>
      <ResponsiveContainer width="100%" height={height}>
        <ComposedChart data={data} margin={{ top: 8, right: 12, bottom: 20, left: 4 }} accessibilityLayer={false}>
          <CartesianGrid stroke="var(--lb-border)" vertical={false} />
          <XAxis
            {...shareAxis}
            dataKey="middle"
            label={{ value: 'Confidence', position: 'bottom', offset: 4, ...axisLabel }}
          />
          <YAxis
            {...shareAxis}
            width={44}
            label={{ value: 'Share right', angle: -90, position: 'insideLeft', ...axisLabel }}
          />
          <Tooltip
            cursor={false}
            isAnimationActive={false}
            content={({ active, payload }) => {
              const bin = payload?.[0]?.payload as CalibrationBin | undefined;
              if (!active || bin === undefined) return null;
              return (
                <div className={classes.tooltip}>
                  <div>
                    Said {formatPercent(bin.lower, 0)} – {formatPercent(bin.upper, 0)}
                  </div>
                  <div>
                    right {formatPercent(bin.accuracy, 1)}, sure {formatPercent(bin.confidence, 1)} on average
                  </div>
                  <div>{formatCount(bin.count)} answers</div>
                </div>
              );
            }}
          />
          <Bar
            dataKey="accuracy"
            barSize={Math.min(widestBarPx, Math.floor(plotPx / Math.max(1, bins.length)))}
            isAnimationActive={false}
            className={classes.bar}
          >
            {data.map((bin) => (
              <Cell key={bin.lower} fillOpacity={bin.count < total / 100 ? 0.35 : 0.9} />
            ))}
          </Bar>
          <ReferenceLine
            segment={[
              { x: 0, y: 0 },
              { x: 1, y: 1 },
            ]}
            stroke="var(--lb-text-faint)"
            strokeDasharray="4 4"
          />
        </ComposedChart>
      </ResponsiveContainer>
    </div>
  );
}
