import { expect, test } from 'vitest';
import { colorMap, colorMapGradient, colorMapsOf, sampleColorMap } from './color-maps.ts';

/** CIE lightness of an sRGB colour, 0 … 100. */
function lightness([red, green, blue]: readonly [number, number, number]): number {
  const linear = (value: number) => (value <= 10.31475 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  return luminance > 0.008856 ? 116 * Math.cbrt(luminance) - 16 : 903.3 * luminance;
}

test('the ends are those of the published maps', () => {
  expect(sampleColorMap('viridis', 0)).toEqual([0x44, 0x01, 0x54]);
  expect(sampleColorMap('viridis', 1)).toEqual([0xfd, 0xe7, 0x25]);
  expect(sampleColorMap('inferno', 1)).toEqual([0xfc, 0xff, 0xa4]);
  expect(sampleColorMap('magma', -3)).toEqual(sampleColorMap('magma', 0));
});

test.each(['viridis', 'magma', 'inferno'] as const)('%s: lightness rises in even steps', (name) => {
  const values = Array.from({ length: 18 }, (_, index) => lightness(sampleColorMap(name, index / 17)));
  const steps = values.slice(1).map((value, index) => value - (values[index] as number));
  const mean = steps.reduce((sum, step) => sum + step, 0) / steps.length;
  for (const step of steps) {
    expect(step).toBeGreaterThan(0);
    expect(Math.abs(step - mean)).toBeLessThan(mean * 0.6);
  }
});

test.each(['coolwarm', 'berlin'] as const)('%s: both arms are equally light and zero is neutral', (name) => {
  for (const distance of [0.1, 0.25, 0.5]) {
    const below = lightness(sampleColorMap(name, 0.5 - distance));
    const above = lightness(sampleColorMap(name, 0.5 + distance));
    expect(Math.abs(below - above)).toBeLessThan(11);
  }
  const [red, green, blue] = sampleColorMap(name, 0.5);
  expect(Math.max(red, green, blue) - Math.min(red, green, blue)).toBeLessThan(24);
});

test('maps are listed by kind and make a gradient', () => {
  expect(colorMapsOf('sequential').map((map) => map.name)).toEqual(['viridis', 'magma', 'inferno']);
  expect(colorMapsOf('diverging')).toHaveLength(2);
  expect(colorMap('viridis').table).toHaveLength(768);
  expect(colorMapGradient('viridis')).toMatch(/^linear-gradient\(to right, rgb\(68 1 84\)/);
});
