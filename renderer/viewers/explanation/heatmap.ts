import type { ColorMap } from '../../theme/color-maps.ts';

export interface HeatmapScale {
  /** Negative values occur: the scale is symmetric around zero. */
  readonly signed: boolean;
  /** What gets the last colour of the map; always above 0. */
  readonly maximum: number;
  /** The largest absolute value that occurs. */
  readonly peak: number;
}

export interface HeatmapPaint {
  readonly map: ColorMap;
  readonly scale: HeatmapScale;
  /** 0 … 1. */
  readonly opacity: number;
  /** Weak values let the image through, so that only what mattered is coloured. */
  readonly fadeWeak: boolean;
}

/** A few extreme pixels would leave the rest dark: the scale ends at this share of the absolute values. */
const saturationShare = 0.995;

export function decodeFloat32(base64: string): Float32Array {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  const view = new DataView(bytes.buffer);
  // The contract says little endian, whatever this machine is.
  return Float32Array.from({ length: bytes.length >> 2 }, (_, index) => view.getFloat32(index * 4, true));
}

export function scaleOf(values: Float32Array): HeatmapScale {
  const sizes = Float32Array.from(values, Math.abs).sort();
  const peak = sizes.at(-1) ?? 0;
  const quantile = sizes[Math.min(sizes.length - 1, Math.floor(sizes.length * saturationShare))] ?? 0;
  return {
    signed: values.some((value) => value < 0),
    maximum: quantile > 0 ? quantile : peak > 0 ? peak : 1,
    peak,
  };
}

/** RGBA, row-major, one pixel per value. */
export function paintHeatmap(values: Float32Array, paint: HeatmapPaint): Uint8ClampedArray<ArrayBuffer> {
  const { map, scale, opacity, fadeWeak } = paint;
  const pixels = new Uint8ClampedArray(values.length * 4);
  values.forEach((value, index) => {
    const strength = Math.min(1, Math.abs(value) / scale.maximum);
    const position = map.kind === 'diverging' ? 0.5 + 0.5 * Math.sign(value) * strength : strength;
    const entry = Math.round(Math.min(1, Math.max(0, position)) * 255) * 3;
    pixels[index * 4] = map.table[entry] as number;
    pixels[index * 4 + 1] = map.table[entry + 1] as number;
    pixels[index * 4 + 2] = map.table[entry + 2] as number;
    pixels[index * 4 + 3] = Math.round(255 * opacity * (fadeWeak ? fade(strength) : 1));
  });
  return pixels;
}

/** Nothing below a twentieth of the scale, everything above three fifths, smooth between (Hermite). */
function fade(strength: number): number {
  const position = Math.min(1, Math.max(0, (strength - 0.05) / 0.55));
  return position * position * (3 - 2 * position);
}
