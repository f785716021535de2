import type { PointerEvent } from 'react';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Explanation } from '../../../main/contract/explaining.ts';
import { formatNumber } from '../../components/format.ts';
import type { ColorMap } from '../../theme/color-maps.ts';
import { colorMapGradient } from '../../theme/color-maps.ts';
import classes from './explanation.module.css';
import type { HeatmapScale } from './heatmap.ts';
import { paintHeatmap } from './heatmap.ts';

export interface HeatmapOverlayProps {
  readonly imageUrl: string;
  readonly imageLabel: string;
  readonly explanation: Explanation;
  readonly values: Float32Array;
  readonly scale: HeatmapScale;
  readonly map: ColorMap;
  readonly opacity: number;
  readonly fadeWeak: boolean;
  readonly stale: boolean;
}

interface Reading {
  readonly column: number;
  readonly row: number;
  readonly value: number;
}

/** The image with the heatmap over it; pointing at it reads off the value. */
export function HeatmapOverlay(props: HeatmapOverlayProps) {
  const { imageUrl, imageLabel, explanation, values, scale, map, opacity, fadeWeak, stale } = props;
  const { width, height } = explanation;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [reading, setReading] = useState<Reading | null>(null);

  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (context === null || context === undefined || values.length !== width * height) return;
    context.putImageData(new ImageData(paintHeatmap(values, { map, scale, opacity, fadeWeak }), width, height), 0, 0);
  }, [values, width, height, map, scale, opacity, fadeWeak]);

  const read = (event: PointerEvent<HTMLCanvasElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const column = Math.min(width - 1, Math.floor(((event.clientX - box.left) / box.width) * width));
    const row = Math.min(height - 1, Math.floor(((event.clientY - box.top) / box.height) * height));
    const value = values[row * width + column];
    setReading(value === undefined ? null : { column, row, value });
  };

  return (
    <figure className={classes.figure}>
      <div className={classes.frame} style={{ aspectRatio: `${width} / ${height}` }} data-stale={stale || undefined}>
        <img className={classes.image} src={imageUrl} alt={imageLabel} draggable={false} />
        <canvas
          ref={canvas}
          className={classes.canvas}
          // Grad-CAM is a coarse map: its squares would look like detail that is not there.
          data-smooth={explanation.method === 'grad_cam' || undefined}
          width={width}
          height={height}
          aria-hidden
          onPointerMove={read}
          onPointerLeave={() => setReading(null)}
        />
      </div>
      <figcaption className={classes.reading}>
        {reading === null
          ? `${width} × ${height} values`
          : `row ${reading.row + 1}, column ${reading.column + 1}: ${formatNumber(reading.value)}`}
      </figcaption>
    </figure>
  );
}

export interface HeatmapLegendProps {
  readonly map: ColorMap;
  readonly scale: HeatmapScale;
  readonly target: string;
}

/** What the colours mean, in words and numbers. */
export function HeatmapLegend({ map, scale, target }: HeatmapLegendProps) {
  const words = useMemo(
    () => (scale.signed ? [`speaks against ${target}`, `speaks for ${target}`] : ['no influence', 'strong influence']),
    [scale.signed, target],
  );
  return (
    <div className={classes.legend}>
      <div className={classes.legendWords}>
        <span>{words[0]}</span>
        <span>{words[1]}</span>
      </div>
      <div className={classes.gradient} style={{ background: colorMapGradient(map.name) }} />
      <div className={classes.legendNumbers}>
        <span>{scale.signed ? `≤ −${formatNumber(scale.maximum)}` : '0'}</span>
        {scale.signed && <span>0</span>}
        <span>≥ {formatNumber(scale.maximum)}</span>
      </div>
    </div>
  );
}
