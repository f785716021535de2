/** A folder of DICOM slices as volumes: found, grouped by series and ordered along the normal of the slices. */
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type DicomImage, type DicomWindow, isDicom, type Vector3 } from './dicom-image.ts';

/** Files below a path that begin like DICOM, sorted; relative to it with `/`, or the empty name when the path is a file. */
export async function findDicomFiles(path: string): Promise<readonly string[]> {
  if ((await stat(path)).isFile()) return (await beginsLikeDicom(path)) ? [''] : [];
  const names: string[] = [];
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || entry.name.startsWith('.')) continue;
    const full = join(entry.parentPath, entry.name);
    if (await beginsLikeDicom(full))
      names.push(
        full
          .slice(path.length)
          .replace(/^[\\/]+/, '')
          .replaceAll('\\', '/'),
      );
  }
  return names.sort((a, b) => (a < b ? -1 : 1));
}

type Placed = Pick<DicomImage, 'seriesUid' | 'position' | 'orientation' | 'instanceNumber'>;

/**
 * The order of slices: series in the order of their first file, within a series along the slice normal
 * (ImagePositionPatient · (row × column)), else by InstanceNumber, else as they come. Stable.
 *
 * @returns per place in the order: the index of the slice, its series (0, 1 …) and its position along the normal in millimetres
 */
export function orderSlices(
  slices: readonly Placed[],
): readonly { readonly index: number; readonly series: number; readonly locationMm: number | null }[] {
  const series = [...new Set(slices.map((slice) => slice.seriesUid))];
  const entries = slices.map((slice, index) => ({
    index,
    series: series.indexOf(slice.seriesUid),
    locationMm: locationAlongNormal(slice),
  }));
  const located = series.map((_, own) => entries.every((entry) => entry.series !== own || entry.locationMm !== null));
  return entries.sort((a, b) => {
    if (a.series !== b.series) return a.series - b.series;
    const byLocation = located[a.series] ? a.locationMm! - b.locationMm! : 0;
    return (
      byLocation || (slices[a.index].instanceNumber ?? 0) - (slices[b.index].instanceNumber ?? 0) || a.index - b.index
    );
  });
}

/** The window that shows 1 % to 99 % of the values: for pictures whose header names none. */
export function automaticWindow(images: readonly Pick<DicomImage, 'pixels' | 'rescale'>[]): DicomWindow {
  const counts = new Map<number, number>();
  let total = 0;
  for (const { pixels, rescale } of images) {
    // A regular sample is enough for percentiles.
    const step = Math.max(1, Math.floor(pixels.length / 65_536));
    for (let i = 0; i < pixels.length; i += step) {
      const value = pixels[i] * rescale.slope + rescale.intercept;
      counts.set(value, (counts.get(value) ?? 0) + 1);
      total++;
    }
  }
  const values = [...counts].sort(([a], [b]) => a - b);
  const percentile = (share: number) => {
    let seen = 0;
    for (const [value, count] of values) {
      seen += count;
      if (seen >= share * total) return value;
    }
    return 0;
  };
  const [low, high] = [percentile(0.01), percentile(0.99)];
  return { center: (low + high) / 2 + 0.5, width: Math.max(1, high - low + 1) };
}

/** Stored values to 8 bit through rescale and window, linear (PS3.3 C.11.2.1.2.1). Colours come as they are. */
export function toPreview(
  pixels: DicomImage['pixels'],
  rescale: DicomImage['rescale'],
  window: DicomWindow,
  inverted: boolean,
): Uint8Array {
  const out = new Uint8Array(pixels.length);
  const low = window.center - 0.5 - (window.width - 1) / 2;
  const high = window.center - 0.5 + (window.width - 1) / 2;
  for (let i = 0; i < pixels.length; i++) {
    const value = pixels[i] * rescale.slope + rescale.intercept;
    const level =
      value <= low
        ? 0
        : value > high
          ? 255
          : Math.round(((value - (window.center - 0.5)) / (window.width - 1) + 0.5) * 255);
    out[i] = inverted ? 255 - level : level;
  }
  return out;
}

function locationAlongNormal({ position, orientation }: Placed): number | null {
  if (position === null || orientation === null) return null;
  return dot(position, cross(...orientation));
}

function cross(a: Vector3, b: Vector3): Vector3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

function dot(a: Vector3, b: Vector3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

async function beginsLikeDicom(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(132), 0, 132, 0);
    return isDicom(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}
