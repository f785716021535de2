import { useState } from 'react';
import { CartesianGrid, Line, LineChart, ReferenceLine, ResponsiveContainer, XAxis, YAxis } from 'recharts';
import { formatNumber } from '../components/format.ts';
import { Legend } from './legend.tsx';
import { isDashed, seriesColor } from './series-color.ts';
import { axisLabel, shareAxis } from './ticks.ts';

export interface RocCurve {
  readonly label: string;
  readonly falsePositiveRate: readonly number[];
  readonly truePositiveRate: readonly number[];
  /** Area under the curve; null when a class has no examples. */
  readonly auc: number | null;
}

/** One-vs-rest receiver operating characteristics. The diagonal is what guessing gives. */
export function RocChart({ curves, height = 300 }: { readonly curves: readonly RocCurve[]; readonly height?: number }) {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const entries = curves.map((curve, position) => ({
    id: curve.label,
    label: curve.auc === null ? curve.label : `${curve.label}  AUC ${formatNumber(curve.auc)}`,
    color: seriesColor(position),
    dashed: isDashed(position),
  }));
  const toggle = (id: string) => {
    const next = new Set(hidden);
    if (!next.delete(id)) next.add(id);
    setHidden(next);
  };
  const words = curves.map(({ label, auc }) => `${label} ${auc === null ? 'without examples' : formatNumber(auc)}`);
  return (
    <div>
      <div role="img" aria-label={`Receiver operating characteristic. Area under the curve: ${words.join(', ')}`}>
        <ResponsiveContainer width="100%" height={height}>
          <LineChart margin={{ top: 8, right: 12, bottom: 20, left: 4 }} accessibilityLayer={false}>
            <CartesianGrid stroke="var(--lb-border)" />
            <XAxis
              {...shareAxis}
              dataKey="x"
              label={{ value: 'False positive rate', position: 'bottom', offset: 4, ...axisLabel }}
            />
            <YAxis
              {...shareAxis}
              width={44}
              label={{ value: 'True positive rate', angle: -90, position: 'insideLeft', ...axisLabel }}
            />
            <ReferenceLine
              segment={[
                { x: 0, y: 0 },
                { x: 1, y: 1 },
              ]}
              stroke="var(--lb-text-faint)"
              strokeDasharray="4 4"
            />
            {curves.map((curve, position) =>
              hidden.has(curve.label) ? null : (
                <Line
                  key={curve.label}
                  data={curve.falsePositiveRate.map((x, index) => ({ x, y: curve.truePositiveRate[index] }))}
                  dataKey="y"
                  stroke={seriesColor(position)}
                  strokeWidth={1.5}
                  {...(isDashed(position) ? { strokeDasharray: '5 3' } : {})}
                  dot={false}
                  isAnimationActive={false}
                />
              ),
            )}
          </LineChart>
        </ResponsiveContainer>
      </div>
      <Legend entries={entries} hidden={hidden} onToggle={toggle} />
    </div>
  );
}
