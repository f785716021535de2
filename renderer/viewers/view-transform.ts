/** Image pixels to view pixels: view = image × scale + offset. */
export interface ViewTransform {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export interface Extent {
  readonly width: number;
  readonly height: number;
}

const smallestScale = 0.05;
const largestScale = 64;
const fitMargin = 0.92;

/** The whole image, centred, with a little air around it. */
export function fitToView(image: Extent, view: Extent): ViewTransform {
  if (image.width === 0 || image.height === 0) return { scale: 1, x: 0, y: 0 };
  const scale = Math.min(largestScale, Math.min(view.width / image.width, view.height / image.height) * fitMargin);
  return centred(image, view, scale);
}

export function centred(image: Extent, view: Extent, scale: number): ViewTransform {
  return { scale, x: (view.width - image.width * scale) / 2, y: (view.height - image.height * scale) / 2 };
}

/** Zooms so that the image point under (x, y) of the view stays there. */
export function zoomAt(transform: ViewTransform, factor: number, x: number, y: number): ViewTransform {
  const scale = Math.max(smallestScale, Math.min(largestScale, transform.scale * factor));
  const ratio = scale / transform.scale;
  return { scale, x: x - (x - transform.x) * ratio, y: y - (y - transform.y) * ratio };
}
