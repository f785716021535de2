import sharp from 'sharp';
import type { PlainImage } from '../../formats/dataset-pack/dataset-files.ts';

/**
 * Pictures as one PNG, row-major, each fitted into size × size pixels and centred; around them and where a picture is
 * missing it is transparent. Small pictures are enlarged by whole pixels' nearest neighbour, so that digits stay sharp;
 * large ones are averaged over their area.
 */
export async function spriteSheet(
  images: readonly (PlainImage | undefined)[],
  size: number,
  columns: number,
): Promise<Uint8Array> {
  const rows = Math.max(1, Math.ceil(images.length / columns));
  const width = columns * size;
  const canvas = new Uint8Array(width * rows * size * 4);
  for (const [i, image] of images.entries())
    if (image) drawFitted(image, size, canvas, width, (i % columns) * size, Math.floor(i / columns) * size);
  return sharp(canvas, { raw: { width, height: rows * size, channels: 4 } })
    .png({ compressionLevel: 2 })
    .toBuffer();
}

function drawFitted(
  image: PlainImage,
  size: number,
  canvas: Uint8Array,
  canvasWidth: number,
  left: number,
  top: number,
): void {
  const scale = Math.min(size / image.width, size / image.height);
  const width = Math.max(1, Math.round(image.width * scale));
  const height = Math.max(1, Math.round(image.height * scale));
  const offsetX = left + ((size - width) >> 1);
  const offsetY = top + ((size - height) >> 1);
  const xs = edges(image.width, width);
  const ys = edges(image.height, height);
  const { channels, data } = image;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = ((offsetY + y) * canvasWidth + offsetX + x) * 4;
      let [red, green, blue, alpha] = [0, 0, 0, 0];
      for (let sourceY = ys.from[y]; sourceY < ys.to[y]; sourceY++) {
        for (let sourceX = xs.from[x]; sourceX < xs.to[x]; sourceX++) {
          const at = (sourceY * image.width + sourceX) * channels;
          red += data[at];
          green += data[channels === 1 ? at : at + 1];
          blue += data[channels === 1 ? at : at + 2];
          alpha += channels === 4 ? data[at + 3] : 255;
        }
      }
      const pixels = (ys.to[y] - ys.from[y]) * (xs.to[x] - xs.from[x]);
      canvas[to] = red / pixels;
      canvas[to + 1] = green / pixels;
      canvas[to + 2] = blue / pixels;
      canvas[to + 3] = alpha / pixels;
    }
  }
}

/** Source pixels behind each target pixel; at least one. */
function edges(sourceSize: number, targetSize: number): { readonly from: Int32Array; readonly to: Int32Array } {
  const from = Int32Array.from({ length: targetSize }, (_, i) => Math.floor((i * sourceSize) / targetSize));
  const to = Int32Array.from({ length: targetSize }, (_, i) =>
    Math.max(from[i] + 1, Math.floor(((i + 1) * sourceSize) / targetSize)),
  );
  return { from, to };
}
