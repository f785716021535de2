import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type DicomImage, type DicomWindow, readDicomImage } from '../../formats/dicom/dicom-image.ts';
import { automaticWindow, orderSlices, toPreview } from '../../formats/dicom/dicom-series.ts';
import { FormatError } from '../../formats/format-error.ts';
import type { ItemSource, SourceItem } from './item-source.ts';

/** Values kept per slice of the first pass, to find a window for the series. */
const SAMPLED_VALUES = 8192;

interface Slice extends Omit<DicomImage, 'pixels'> {
  readonly path: string;
  readonly stamp: string;
  readonly sample: DicomImage['pixels'];
}

/**
 * DICOM files as slices in the order of their volumes. A first pass reads headers, orders the slices and finds windows; the
 * second stores pixels. Files are called by their place, since their names often carry who was examined.
 */
export function dicomSource(root: string, names: readonly string[]): ItemSource {
  const unreadable: { path: string; reason: string }[] = [];
  const slices: Slice[] = [];
  for (const name of names) {
    const path = join(root, name);
    try {
      const { pixels, ...header } = readDicomImage(readFileSync(path), path);
      const step = Math.max(1, Math.floor(pixels.length / SAMPLED_VALUES));
      slices.push({
        ...header,
        path,
        stamp: `${name}|${statSync(path).size}|${statSync(path).mtimeMs}`,
        sample: pixels.filter((_, i) => i % step === 0),
      });
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      unreadable.push({ path: name, reason: error.message });
    }
  }
  if (slices.length === 0)
    throw new FormatError(
      'dicom',
      'empty',
      `None of the ${names.length} DICOM files could be read. The first: ${unreadable[0]?.reason ?? ''}`,
      { path: root },
      'Convert the files as the message says.',
    );
  const order = orderSlices(slices);
  const seriesCount = Math.max(...order.map(({ series }) => series)) + 1;
  const windows = Array.from({ length: seriesCount }, (_, own): DicomWindow => {
    const members = order.filter(({ series }) => series === own).map(({ index }) => slices[index]);
    return members[0].window ?? automaticWindow(members.map(({ sample, rescale }) => ({ pixels: sample, rescale })));
  });
  // A file of several frames gives one item per frame.
  const items = order.flatMap(({ index, series, locationMm }) =>
    Array.from({ length: slices[index].frames }, (_, frame) => ({ slice: slices[index], series, locationMm, frame })),
  );
  const numberInSeries = items.map(({ series }, i) => i - items.findIndex((item) => item.series === series) + 1);
  const bytesOf = (slice: Slice) => slice.width * slice.height * slice.channels * slice.sample.BYTES_PER_ELEMENT;

  let opened: { path: string; image: DicomImage } | undefined;
  const read = async (index: number): Promise<SourceItem> => {
    const { slice, series, locationMm, frame } = items[index];
    if (opened?.path !== slice.path)
      opened = { path: slice.path, image: readDicomImage(readFileSync(slice.path), slice.path) };
    const { image } = opened;
    const { width, height, channels, rescale, inverted, modality } = image;
    const pixels = image.pixels.slice(frame * width * height * channels, (frame + 1) * width * height * channels);
    const window = image.window ?? windows[series];
    // Signed bytes are rare enough to be stored as 16 bit.
    const stored = pixels instanceof Int8Array ? Int16Array.from(pixels) : pixels;
    return {
      bytes: new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength),
      encoding:
        stored instanceof Uint8Array ? 'pixels-uint8' : stored instanceof Int16Array ? 'pixels-int16' : 'pixels-uint16',
      width,
      height,
      channels,
      preview: {
        width,
        height,
        channels,
        data: channels === 3 ? (pixels as Uint8Array) : toPreview(pixels, rescale, window, inverted),
      },
      thumbnail: null,
      slice: {
        series,
        locationMm,
        position: image.position,
        pixelSpacingMm: image.pixelSpacing,
        sliceThicknessMm: image.sliceThickness,
        rescale,
        window,
        inverted,
        modality,
      },
    };
  };
  return {
    kind: 'volume',
    format: 'dicom',
    count: items.length,
    classes: [],
    labels: new Int32Array(items.length).fill(-1),
    split: () => undefined,
    name: (item) =>
      `${seriesCount > 1 ? `series ${items[item].series + 1}/` : ''}slice ${String(numberInSeries[item]).padStart(3, '0')}`,
    sizeBytes: (item) => bytesOf(items[item].slice),
    fingerprint: (from, to) =>
      createHash('sha256')
        .update(
          items
            .slice(from, to)
            .map(({ slice, frame }) => `${slice.stamp}|${frame}`)
            .join('\n'),
        )
        .digest('hex'),
    remarks: seriesCount > 1 ? [`The folder holds ${seriesCount} series.`] : [],
    unreadable,
    plain: null,
    read,
  };
}
