import { expect, test } from 'vitest';
import { colorMap, sampleColorMap } from '../../theme/color-maps.ts';
import { decodeFloat32, paintHeatmap, scaleOf } from './heatmap.ts';

function encode(values: readonly number[]): string {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    view.setFloat32(index * 4, value, true);
  });
  return btoa(String.fromCharCode(...bytes));
}

test('base64 is read as little-endian float32', () => {
  expect([...decodeFloat32(encode([0.5, -2, 1e-3]))]).toEqual([0.5, -2, Math.fround(1e-3)]);
  expect(decodeFloat32('')).toHaveLength(0);
});

test('the scale is not set by one extreme pixel', () => {
  const values = new Float32Array(1000).fill(0.1);
  values[0] = 50;
  const scale = scaleOf(values);
  expect(scale.maximum).toBeCloseTo(0.1, 6);
  expect(scale.peak).toBe(50);
  expect(scale.signed).toBe(false);
  expect(scaleOf(Float32Array.of(-1, 1)).signed).toBe(true);
  expect(scaleOf(new Float32Array(4)).maximum).toBe(1);
});

test('signed values are coloured around the neutral middle', () => {
  const values = Float32Array.of(-1, 0, 1);
  const scale = { signed: true, maximum: 1, peak: 1 };
  const pixels = paintHeatmap(values, { map: colorMap('coolwarm'), scale, opacity: 1, fadeWeak: false });
  expect([...pixels.slice(0, 3)]).toEqual(sampleColorMap('coolwarm', 0));
  expect([...pixels.slice(4, 7)]).toEqual(sampleColorMap('coolwarm', 0.5));
  expect([...pixels.slice(8, 11)]).toEqual(sampleColorMap('coolwarm', 1));
  expect([pixels[3], pixels[7], pixels[11]]).toEqual([255, 255, 255]);
});

test('weak values let the image through and opacity caps the rest', () => {
  const scale = { signed: false, maximum: 1, peak: 1 };
  const pixels = paintHeatmap(Float32Array.of(0, 0.3, 1), {
    map: colorMap('viridis'),
    scale,
    opacity: 0.5,
    fadeWeak: true,
  });
  expect(pixels[3]).toBe(0);
  expect(pixels[7]).toBeGreaterThan(0);
  expect(pixels[7]).toBeLessThan(128);
  expect(pixels[11]).toBe(128);
});
