import { useEffect, useRef } from 'react';
import classes from './sample-sheet.module.css';

interface SampleSheetProps {
  readonly samples: number;
  readonly columns: number;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** uint8 [samples, height, width, channels], base64 */
  readonly pixels: string;
  readonly label: string;
}

/** Pictures side by side in rows. */
export function SampleSheet({ samples, columns, width, height, channels, pixels, label }: SampleSheetProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const rows = Math.ceil(samples / columns);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (context == null) return;
    const bytes = Uint8Array.from(atob(pixels), (character) => character.charCodeAt(0));
    const image = context.createImageData(columns * width, rows * height);
    for (let sample = 0; sample < samples; sample++)
      for (let pixel = 0; pixel < width * height; pixel++) {
        const x = (sample % columns) * width + (pixel % width);
        const y = Math.floor(sample / columns) * height + Math.floor(pixel / width);
        const from = (sample * width * height + pixel) * channels;
        const to = (y * image.width + x) * 4;
        for (let channel = 0; channel < 3; channel++) image.data[to + channel] = bytes[from + (channel % channels)];
        image.data[to + 3] = 255;
      }
    context.putImageData(image, 0, 0);
  }, [samples, columns, rows, width, height, channels, pixels]);
  return (
    <canvas
      ref={canvas}
      className={classes.samples}
      width={columns * width}
      height={rows * height}
      role="img"
      aria-label={label}
    />
  );
}
