import { add, broadcastLike, cast, divide, multiply, reshape, scale, shift, subtract } from '../expression.ts';
import type { Tensor } from '../tensor.ts';
import type { RandomDraws } from './random-draws.ts';
import type { ImageAugmentation } from './specification.ts';

const RADIANS = Math.PI / 180;
const RANK = 3;

/** The linear map and the shift from places of the new image to places of the old, in pixels from the middle. */
interface Mapping {
  readonly xx: Tensor;
  readonly xy: Tensor;
  readonly yx: Tensor;
  readonly yy: Tensor;
  readonly dx: Tensor;
  readonly dy: Tensor;
}

/**
 * Flips, crop, rotation, scale, shear and translation as one affine map and one interpolation: an old place is
 * flip · rotate(−θ) · shear · place / scale + shift. What lies outside the old image is 0.
 */
export function transformImages(x: Tensor, spec: ImageAugmentation, draws: RandomDraws): Tensor {
  const { horizontalFlip = 0, verticalFlip = 0, crop = 0, rotation = 0, scaling, translation = 0, shear = 0 } = spec;
  const isAsked = horizontalFlip > 0 || verticalFlip > 0 || crop > 0 || rotation > 0;
  if (!isAsked && !scaling && translation === 0 && shear === 0) return x;
  const { graph } = x;
  const [height, width] = [Number(x.shape[2]), Number(x.shape[3])];
  const sign = (probability: number): Tensor => {
    if (probability === 0) return graph.scalar(1);
    const flipped = cast(graph.apply('Less', [draws.unit(RANK), graph.scalar(probability)]), 'float32');
    return shift(scale(flipped, -2), 1);
  };
  const symmetric = (bound: number): Tensor => (bound === 0 ? graph.scalar(0) : draws.between(-bound, bound, RANK));
  const [flipX, flipY] = [sign(horizontalFlip), sign(verticalFlip)];
  const angle = symmetric(rotation * RADIANS);
  const slant = symmetric(Math.tan(shear * RADIANS));
  const inverse = scaling ? divide(graph.scalar(1), draws.between(scaling[0], scaling[1], RANK)) : graph.scalar(1);
  const offset = (size: number): Tensor => {
    const whole = crop === 0 ? graph.scalar(0) : graph.apply('Floor', [draws.between(-crop, crop + 1, RANK)]);
    return add(whole, symmetric(translation * size));
  };
  const [cosine, sine] = [graph.apply('Cos', [angle]), graph.apply('Sin', [angle])];
  const mapping: Mapping = {
    xx: multiply(flipX, multiply(cosine, inverse)),
    xy: multiply(flipX, multiply(add(multiply(cosine, slant), sine), inverse)),
    yx: multiply(flipY, multiply(scale(sine, -1), inverse)),
    yy: multiply(flipY, multiply(subtract(cosine, multiply(sine, slant)), inverse)),
    dx: offset(width),
    dy: offset(height),
  };
  return graph.apply('GridSample', [x, affineGrid(x, mapping, height, width)], { padding: 'zeros' });
}

function affineGrid(x: Tensor, { xx, xy, yx, yy, dx, dy }: Mapping, height: number, width: number): Tensor {
  const { graph } = x;
  const fromMiddle = (size: number): Float32Array => Float32Array.from({ length: size }, (_, i) => i - (size - 1) / 2);
  const columns = graph.constant('float32', [1, 1, width], fromMiddle(width));
  const rows = graph.constant('float32', [1, height, 1], fromMiddle(height));
  const mapped = (a: Tensor, b: Tensor, d: Tensor, size: number): Tensor =>
    scale(add(add(multiply(a, columns), multiply(b, rows)), d), 2 / size);
  const channel = graph.apply('Slice', [x], { axis: 1, start: 0, size: 1 });
  const everyPixel = reshape(channel, [x.shape[0] ?? 1, height, width]);
  const coordinates = [mapped(xx, xy, dx, width), mapped(yx, yy, dy, height)];
  return graph.apply(
    'Concat',
    coordinates.map((value) => graph.apply('Unsqueeze', [broadcastLike(value, everyPixel)], { axis: 3 })),
    { axis: 3 },
  );
}
