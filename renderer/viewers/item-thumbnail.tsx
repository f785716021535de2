import { assetUrl } from '../client/index.ts';

export interface ItemThumbnailProps {
  readonly datasetDigest: string;
  readonly index: number;
  readonly sizePx?: number;
  readonly alt?: string;
}

/** One item as a small picture. For many, use the grid: it asks for whole sheets. */
export function ItemThumbnail({ datasetDigest, index, sizePx = 56, alt }: ItemThumbnailProps) {
  return (
    <img
      src={assetUrl('datasets.image', { digest: datasetDigest, index })}
      alt={alt ?? `Item ${index}`}
      width={sizePx}
      height={sizePx}
      loading="lazy"
      decoding="async"
      style={{
        display: 'block',
        objectFit: 'contain',
        background: 'var(--lb-sunken)',
        borderRadius: 2,
        imageRendering: 'pixelated',
      }}
    />
  );
}
