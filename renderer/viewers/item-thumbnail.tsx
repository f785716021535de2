import { assetUrl } from '../client/index.ts';

export interface ItemThumbnailProps {
  readonly datasetDigest: string;
  readonly index: number;
  readonly sizePx?: number;
  readonly alt?: string;
}

const smallestSheetPx = 16;
const largestSheetPx = 256;

/** One item as a small picture, reduced by the engine. For many, use the grid: it asks for whole sheets. */
export function ItemThumbnail({ datasetDigest, index, sizePx = 56, alt }: ItemThumbnailProps) {
  const wanted = Math.round(sizePx * window.devicePixelRatio);
  const size = Math.max(smallestSheetPx, Math.min(largestSheetPx, wanted));
  return (
    <img
      src={assetUrl('datasets.sheet', { digest: datasetDigest, indices: [index], size, columns: 1 })}
      alt={alt ?? `Item ${index}`}
      width={sizePx}
      height={sizePx}
      loading="lazy"
      decoding="async"
      style={{ display: 'block', background: 'var(--lb-sunken)', borderRadius: 2 }}
    />
  );
}
