/**
 * Colour maps for values, not for categories. viridis, magma and inferno (Smith & van der Walt 2015) and coolwarm
 * (Moreland 2009) come from matplotlib (CC0); berlin is by Crameri (2018, MIT). All are perceptually ordered: equal steps
 * in value look like equal steps. 33 stops each, interpolated in sRGB: at most 4/255 from the 256-entry originals.
 */
export type ColorMapName = keyof typeof stops;

export interface ColorMap {
  readonly name: ColorMapName;
  readonly title: string;
  /** sequential: 0 … maximum. diverging: −maximum … 0 … +maximum, with the neutral colour at 0. */
  readonly kind: 'sequential' | 'diverging';
  /** 256 × RGB. */
  readonly table: Uint8Array;
}

const stops = {
  viridis:
    '440154470d6048186a482374472d7b4537814240863e49893b528b375b8d33638d2f6b8e2c728e297a8e26828e23898e21918c' +
    '1f988b1fa08822a78528ae8032b67a3fbc734ec36b5ec96270cf5784d44b98d83eaddc30c2df23d8e219ece51bfde725',
  magma:
    '0000040303120a0822130d341d114729115a36106b440f7651127c5d177f6a1c81762181832681902a819c2e7faa337db73779' +
    'c43c75d0416fdc4869e75263ef5d5ef56b5cf9795dfc8961fd9869fea772feb67cfec488fed395fde2a3fcf0b2fcfdbf',
  inferno:
    '0000040403120b0724150b37210c4a2f0a5b3d09654a0c6b57106e64156e71196e7d1e6d8a226a972766a32c61b0315bbc3754' +
    'c73e4cd24644db503be45a31eb6628f1731df68013f98e09fb9d07fcac11fbbc21f9cb35f5db4cf2ea69f3f68afcffa4',
  coolwarm:
    '3b4cc0445acc4e68d85875e16282ea6c8ff1779af782a6fb8db0fe98b9ffa3c2feaec9fcb9d0f9c3d5f4ccd9edd5dbe5dddcdc' +
    'e5d8d1ecd3c5f1ccb8f5c4acf7ba9ff7b093f6a586f4987af08b6eeb7d62e46e56dd5f4bd44e41ca3b37be242eb40426',
  berlin:
    '9eb0ff8caef679abed65a7e2519fd34194c13685ad2e76992868862259731d4b61183d4f14303e11242e111a20121214190c09' +
    '220c022b0e013510004112014d16025b1d086c27117d341e8e422e9e513fae6051be6f63ce7f76df8f89f09f9cffadad',
} as const;

const sequential: readonly ColorMapName[] = ['viridis', 'magma', 'inferno'];
const titles: Record<ColorMapName, string> = {
  viridis: 'Viridis',
  magma: 'Magma',
  inferno: 'Inferno',
  coolwarm: 'Blue – red',
  berlin: 'Berlin (dark centre)',
};

const built = new Map<ColorMapName, ColorMap>();

export function colorMap(name: ColorMapName): ColorMap {
  const known = built.get(name);
  if (known !== undefined) return known;
  const map: ColorMap = {
    name,
    title: titles[name],
    kind: sequential.includes(name) ? 'sequential' : 'diverging',
    table: interpolate(stops[name]),
  };
  built.set(name, map);
  return map;
}

export function colorMapsOf(kind: ColorMap['kind']): readonly ColorMap[] {
  return (Object.keys(stops) as ColorMapName[]).map(colorMap).filter((map) => map.kind === kind);
}

/** The colour at 0 … 1 as [red, green, blue] of 0 … 255; outside values are clamped. */
export function sampleColorMap(name: ColorMapName, position: number): readonly [number, number, number] {
  const { table } = colorMap(name);
  const index = Math.round(Math.min(1, Math.max(0, position)) * 255) * 3;
  return [table[index] as number, table[index + 1] as number, table[index + 2] as number];
}

/** A CSS gradient for legends, lowest value first. */
export function colorMapGradient(name: ColorMapName, direction = 'to right'): string {
  const colors = Array.from({ length: 17 }, (_, index) => `rgb(${sampleColorMap(name, index / 16).join(' ')})`);
  return `linear-gradient(${direction}, ${colors.join(', ')})`;
}

function interpolate(hexadecimal: string): Uint8Array {
  const count = hexadecimal.length / 6;
  const channel = (stop: number, offset: number) =>
    Number.parseInt(hexadecimal.slice(stop * 6 + offset * 2, stop * 6 + offset * 2 + 2), 16);
  const table = new Uint8Array(256 * 3);
  for (let entry = 0; entry < 256; entry += 1) {
    const position = (entry / 255) * (count - 1);
    const low = Math.min(count - 2, Math.floor(position));
    for (let offset = 0; offset < 3; offset += 1) {
      const from = channel(low, offset);
      table[entry * 3 + offset] = Math.round(from + (channel(low + 1, offset) - from) * (position - low));
    }
  }
  return table;
}
