import { statSync } from 'node:fs';
import { splitNames } from '../../formats/dataset-pack/dataset-index.ts';
import { FormatError } from '../../formats/format-error.ts';
import { type IdxPair, openIdxPair } from '../../formats/idx/idx-pair.ts';
import type { ItemSource } from './item-source.ts';

/** IDX pairs as one source: train before validation before test, then what has no split in its name. */
export async function idxSource(pairs: readonly IdxPair[]): Promise<ItemSource> {
  const place = (pair: IdxPair) => (pair.split === undefined ? splitNames.length : splitNames.indexOf(pair.split));
  const parts: {
    readonly pair: IdxPair;
    readonly start: number;
    readonly images: Awaited<ReturnType<typeof openIdxPair>>;
    readonly stamp: string;
  }[] = [];
  let count = 0;
  for (const pair of [...pairs].sort((a, b) => place(a) - place(b))) {
    const stamp = [pair.imagesPath, pair.labelsPath]
      .map((path) => (path === undefined ? '' : `${statSync(path).size}:${statSync(path).mtimeMs}`))
      .join(',');
    const images = await openIdxPair(pair);
    parts.push({ pair, start: count, images, stamp });
    count += images.count;
  }
  const { width, height, channels } = parts[0].images;
  for (const { pair, images } of parts)
    if (images.width !== width || images.height !== height || images.channels !== channels)
      throw new FormatError(
        'idx',
        'length_mismatch',
        `The images are ${images.height} × ${images.width} × ${images.channels}, those of ${parts[0].pair.imagesPath} are ${height} × ${width} × ${channels}.`,
        { path: pair.imagesPath },
        'Import them as separate datasets.',
      );

  const values = [...new Set(parts.flatMap(({ images }) => [...new Set(images.labels ?? [])]))].sort((a, b) => a - b);
  const indexOf = Int32Array.from({ length: 256 }, (_, value) => values.indexOf(value));
  const labels = new Int32Array(count).fill(-1);
  for (const { images, start } of parts)
    for (let i = 0; i < (images.labels?.length ?? 0); i++) labels[start + i] = indexOf[images.labels![i]];

  const itemBytes = width * height * channels;
  const partOf = (item: number) => {
    let part = parts.length - 1;
    while (parts[part].start > item) part--;
    return parts[part];
  };
  return {
    kind: 'image',
    format: 'idx',
    count,
    classes: values.map(String),
    labels,
    split: (item) => partOf(item).pair.split,
    name: (item) => {
      const { pair, start } = partOf(item);
      return `${pair.split ?? 'image'}/${item - start}`;
    },
    sizeBytes: () => itemBytes,
    fingerprint: (from, to) => `idx:${from}-${to}:${parts.map(({ stamp }) => stamp).join(';')}`,
    remarks: parts
      .filter(({ pair }) => pair.labelsPath === undefined)
      .map(({ pair }) => `No labels file lies beside ${pair.imagesPath}; its images are unlabeled.`),
    unreadable: [],
    plain: {
      width,
      height,
      channels,
      pixels: async (from, to) => {
        const part = partOf(from);
        await part.images.load(Math.min(to - part.start, part.images.count));
        if (to <= part.start + part.images.count)
          return part.images.pixels.subarray((from - part.start) * itemBytes, (to - part.start) * itemBytes);
        const joined = new Uint8Array((to - from) * itemBytes);
        for (const { start, images } of parts) {
          const [first, last] = [Math.max(from, start), Math.min(to, start + images.count)];
          if (first >= last) continue;
          await images.load(last - start);
          joined.set(
            images.pixels.subarray((first - start) * itemBytes, (last - start) * itemBytes),
            (first - from) * itemBytes,
          );
        }
        return joined;
      },
    },
    read: () => Promise.reject(new Error('Plain items are taken by `plain`')),
  };
}
