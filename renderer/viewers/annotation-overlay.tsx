import { useEffect, useRef } from 'react';
import { formatPercent } from '../components/format.ts';
import classes from './annotation-overlay.module.css';

/** Colours of classes over a picture: far apart, and seen on dark and light. */
const hues = [0, 210, 120, 45, 280, 175, 20, 330, 90, 250] as const;
const hueOf = (label: number) => hues[label % hues.length];

interface MaskOverlayProps {
  readonly width: number;
  readonly height: number;
  readonly classesOfPixels: string;
}

/** Classes of pixels as colours over the picture that lies below; the first class is the background. */
export function MaskOverlay({ width, height, classesOfPixels }: MaskOverlayProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (context == null) return;
    context.clearRect(0, 0, width, height);
    const labels = Uint8Array.from(atob(classesOfPixels), (character) => character.charCodeAt(0));
    labels.forEach((label, pixel) => {
      if (label === 0) return;
      context.fillStyle = `hsl(${hueOf(label - 1)} 90% 55% / 0.6)`;
      context.fillRect(pixel % width, Math.floor(pixel / width), 1, 1);
    });
  }, [width, height, classesOfPixels]);
  return <canvas ref={canvas} width={width} height={height} className={classes.overlay} />;
}

export interface OverlaidBox {
  readonly label: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly score?: number;
}

interface BoxOverlayProps {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly OverlaidBox[];
  readonly names: readonly string[];
}

/** Boxes with their class and, where a model drew them, its score; all in pixels of the picture that lies below. */
export function BoxOverlay({ width, height, boxes, names }: BoxOverlayProps) {
  const size = Math.max(width, height) / 14;
  return (
    <svg viewBox={`0 0 ${width} ${height}`} className={classes.overlay} aria-hidden="true">
      {boxes.map((box) => (
        <g
          key={`${box.label} ${box.x} ${box.y} ${box.width} ${box.height}`}
          stroke={`hsl(${hueOf(box.label)} 90% 60%)`}
        >
          <rect x={box.x} y={box.y} width={box.width} height={box.height} fill="none" strokeWidth={size / 5} />
          <text
            x={box.x}
            y={Math.max(size, box.y - size / 6)}
            fontSize={size}
            stroke="none"
            fill={`hsl(${hueOf(box.label)} 90% 70%)`}
          >
            {names[box.label]} {box.score === undefined ? '' : formatPercent(box.score, 0)}
          </text>
        </g>
      ))}
    </svg>
  );
}
