import { staticSize } from '../dimension.ts';
import type { Lowering } from '../lowering/lowering.ts';
import type { Node, Tensor } from '../tensor.ts';
import { inputOf, numberOf, outputOf } from './rule-inputs.ts';
import type { Window } from './window.ts';
import { onnxWindow, windowOf } from './window.ts';

/**
 * The weight gradient of a convolution with NCHWc operands as matrix products. Which of the formulations is taken depends
 * on the shape; the choices were measured on two AVX-512 cores (ms, 3 x 3 kernels, padding 1, the two fastest):
 *
 * | images x channels → channels, pixels | all windows | rows and columns apart | the same in one product |
 * |---|---|---|---|
 * | 64 x 16 → 16, 32 x 32 | 7.4 | 4.9 | 7.4 |
 * | 64 x 32 → 32, 16 x 16 | 4.1 | 3.6 | 4.2 |
 * | 64 x 64 → 64, 8 x 8 | 3.6 | 3.6 | 2.7 |
 * | 16 x 96 → 32, 32 x 32 | 13.5 | 10.7 | 17.2 |
 * | 16 x 128 → 128, 8 x 8 | 6.0 | 6.4 | 3.6 |
 */

/** Up to so many pixels a sum of per-image products costs more than one product over all images. */
const FEW_PIXELS = 64;

/** Returns false where the shapes do not fit, and has then written nothing. */
export function weightGradientBlocked(lowering: Lowering, node: Node): boolean {
  const [x, g] = [inputOf(node, 0), inputOf(node, 1)];
  const window = windowOf(node.attributes);
  if (!lowering.isBlocked(g) || !lowering.canBlock(x) || !lowering.canBlock(g)) return false;
  if (window.dilations.some((d) => d !== 1)) return false;
  const groups = numberOf(node.attributes, 'groups');
  if (groups !== 1) {
    const isDepthwise = groups === staticSize(x.shape[1]) && groups === staticSize(g.shape[1]);
    return isDepthwise && depthwise(lowering, node, x, g, window);
  }
  const [kh, kw] = window.kernel;
  if (kh === 1 && kw === 1 && window.pads.every((pad) => pad === 0)) return pointwise(lowering, node, x, g, window);
  const keepsSize =
    window.strides.every((stride) => stride === 1) &&
    window.pads.every((pad, side) => 2 * pad === window.kernel[(side % 2) as 0 | 1] - 1);
  const pixels = staticSize(g.shape[2]) * staticSize(g.shape[3]);
  if (keepsSize)
    return pixels > FEW_PIXELS ? apart(lowering, node, x, g, window) : apartInOne(lowering, node, x, g, window);
  return unfolded(lowering, node, x, g, window);
}

/** One matrix product over all pixels of all images. */
function pointwise(lowering: Lowering, node: Node, x: Tensor, g: Tensor, window: Window): boolean {
  const [outputs, channels] = [staticSize(g.shape[1]), staticSize(x.shape[1])];
  let pixels = channelsLast(lowering, x);
  if (window.strides.some((stride) => stride !== 1)) {
    const axes = ([0, 1] as const).filter((axis) => window.strides[axis] !== 1);
    for (const axis of axes) {
      const chosen = Array.from({ length: staticSize(g.shape[axis + 2]) }, (_, index) => index * window.strides[axis]);
      pixels = lowering.emit('Gather', [pixels, lowering.int64s(chosen)], { axis: axis + 1 });
    }
  }
  const rows = lowering.reshape(channelsLast(lowering, g), [-1, outputs]);
  const product = lowering.emit('Gemm', [rows, lowering.reshape(pixels, [-1, channels])], { transA: 1 });
  lowering.define(outputOf(node), lowering.reshape(product, [outputs, channels, 1, 1]));
  return true;
}

/** Gathers every window's pixels with channels last, then one matrix product per image or over all images. */
function unfolded(lowering: Lowering, node: Node, x: Tensor, g: Tensor, window: Window): boolean {
  const channels = staticSize(x.shape[1]);
  const [outputs, rows, columns] = g.shape.slice(1).map(Number) as [number, number, number];
  const taps = window.kernel[0] * window.kernel[1];
  const pixels = rows * columns;
  const right = windows(lowering, x, rows, columns, window);
  let sum: string;
  if (pixels > FEW_PIXELS) {
    const left = lowering.reshape(lowering.plain(g), [-1, outputs, pixels]);
    const perImage = lowering.emit('MatMul', [left, lowering.reshape(right, [-1, pixels, taps * channels])]);
    sum = imageSum(lowering, perImage, outputs * taps * channels);
  } else {
    const left = lowering.reshape(channelsLast(lowering, g), [-1, outputs]);
    sum = lowering.emit('Gemm', [left, lowering.reshape(right, [-1, taps * channels])], { transA: 1 });
  }
  const turned = lowering.transpose(lowering.reshape(sum, [outputs, taps, channels]), [0, 2, 1]);
  lowering.define(outputOf(node), lowering.reshape(turned, outputOf(node).shape.map(Number)));
  return true;
}

/**
 * The kernel's columns shift x and its rows shift g: with three copies of each instead of nine of x, the product of [O·kh,
 * pixels] and [pixels, kw·C] holds every pair of shifts.
 */
function apart(lowering: Lowering, node: Node, x: Tensor, g: Tensor, window: Window): boolean {
  const [channels, height] = x.shape.slice(1).map(Number) as [number, number];
  const [outputs, rows, width] = g.shape.slice(1).map(Number) as [number, number, number];
  const [kh, kw] = window.kernel;
  const padded = lowering.emit('Pad', [lowering.plain(g), lowering.int64s([0, 0, 0, 0, 0, 0, 1, 0])]);
  const indices = Array.from({ length: kh }, (_, tap) => rowShift(height, rows, tap - window.pads[0])).flat();
  const left = lowering.emit('Gather', [padded, lowering.int64s(indices)], { axis: 2 });
  const perImage = lowering.emit('MatMul', [
    lowering.reshape(left, [-1, outputs * kh, height * width]),
    lowering.reshape(shiftedColumns(lowering, x, width, window), [-1, height * width, kw * channels]),
  ]);
  const sum = lowering.reshape(imageSum(lowering, perImage, outputs * kh * kw * channels), [outputs, kh, kw, channels]);
  lowering.define(outputOf(node), lowering.transpose(sum, [0, 3, 1, 2]));
  return true;
}

/** As `apart`, with g's channels last and one product over all images. */
function apartInOne(lowering: Lowering, node: Node, x: Tensor, g: Tensor, window: Window): boolean {
  const [channels, height] = x.shape.slice(1).map(Number) as [number, number];
  const [outputs, rows, width] = g.shape.slice(1).map(Number) as [number, number, number];
  const [kh, kw] = window.kernel;
  const flat = lowering.reshape(channelsLast(lowering, g), [-1, rows * width, outputs]);
  const padded = lowering.emit('Pad', [flat, lowering.int64s([0, 0, 0, 0, 1, 0])]);
  const shifts = Array.from({ length: kh }, (_, tap) => rowShift(height, rows, tap - window.pads[0]));
  const indices: number[] = [];
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      for (const shift of shifts) {
        const source = shift[row] as number;
        indices.push(source === rows ? rows * width : source * width + column);
      }
  const left = lowering.emit('Gather', [padded, lowering.int64s(indices)], { axis: 1 });
  const product = lowering.emit(
    'Gemm',
    [
      lowering.reshape(left, [-1, kh * outputs]),
      lowering.reshape(shiftedColumns(lowering, x, width, window), [-1, kw * channels]),
    ],
    { transA: 1 },
  );
  const sum = lowering.reshape(product, [kh, outputs, kw, channels]);
  lowering.define(outputOf(node), lowering.transpose(sum, [1, 3, 0, 2]));
  return true;
}

/** [N, …] → [1, count] by a product with ones, which runs on all threads (ReduceSum over images took 15 times as long). */
function imageSum(lowering: Lowering, perImage: string, count: number): string {
  const rows = lowering.reshape(perImage, [-1, count]);
  const images = lowering.emit('Gather', [lowering.emit('Shape', [rows]), lowering.int64s([0])]);
  const ones = lowering.emit('Expand', [
    lowering.constant('float32', [1, 1], Float32Array.of(1)),
    lowering.emit('Concat', [lowering.int64s([1]), images], { axis: 0 }),
  ]);
  return lowering.emit('MatMul', [ones, rows]);
}

/** For each row of x, the row of g that meets it under a vertical shift; `rows` where there is none. */
const rowShift = (height: number, rows: number, shift: number): readonly number[] =>
  Array.from({ length: height }, (_, row) => (row - shift < 0 || row - shift >= rows ? rows : row - shift));

/** [N, H, W'·kw, C]: x under every horizontal shift of the kernel, channels last. */
function shiftedColumns(lowering: Lowering, x: Tensor, columns: number, window: Window): string {
  const width = staticSize(x.shape[3]);
  const [, kw] = window.kernel;
  const pad = window.pads[1];
  return lowering.memo(`shifted-columns:${x.id}:${kw}:${pad}`, () => {
    const indices: number[] = [];
    for (let column = 0; column < columns; column++)
      for (let tap = 0; tap < kw; tap++) {
        const source = column + tap - pad;
        indices.push(source < 0 || source >= width ? width : source);
      }
    const padded = lowering.emit('Pad', [channelsLast(lowering, x), lowering.int64s([0, 0, 0, 0, 0, 0, 1, 0])]);
    return lowering.emit('Gather', [padded, lowering.int64s(indices)], { axis: 2 });
  });
}

/** [N, output pixels · taps, C]: what each window reads; places outside the image read an added zero. */
function windows(lowering: Lowering, x: Tensor, rows: number, columns: number, window: Window): string {
  const [channels, height, width] = x.shape.slice(1).map(Number) as [number, number, number];
  const outside = height * width;
  const indices: number[] = [];
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      for (let dy = 0; dy < window.kernel[0]; dy++)
        for (let dx = 0; dx < window.kernel[1]; dx++) {
          const y = row * window.strides[0] + dy - window.pads[0];
          const z = column * window.strides[1] + dx - window.pads[1];
          indices.push(y < 0 || z < 0 || y >= height || z >= width ? outside : y * width + z);
        }
  let flat = lowering.reshape(channelsLast(lowering, x), [-1, outside, channels]);
  if (indices.includes(outside)) flat = lowering.emit('Pad', [flat, lowering.int64s([0, 0, 0, 0, 1, 0])]);
  return lowering.emit('Gather', [flat, lowering.int64s(indices)], { axis: 1 });
}

/** [N, C, H, W] in blocks → [N, H, W, C]. */
function channelsLast(lowering: Lowering, x: Tensor): string {
  const [channels, height, width] = x.shape.slice(1).map(Number) as [number, number, number];
  return lowering.memo(`channels-last:${x.id}`, () =>
    channels === lowering.target.blockSize
      ? lowering.reshape(lowering.blocked(x), [-1, height, width, channels])
      : lowering.emitBlocked('ReorderOutput', [lowering.blocked(x)], { channels, channels_last: 1 }),
  );
}

/**
 * Per kernel tap: x under the window's shift and stride (a depthwise convolution with a single one), times g, averaged
 * over each image on all threads, summed over the images.
 */
function depthwise(lowering: Lowering, node: Node, x: Tensor, g: Tensor, window: Window): boolean {
  const block = lowering.target.blockSize;
  if (block === undefined) return false;
  const channels = staticSize(x.shape[1]);
  const [kh, kw] = window.kernel;
  const taps = kh * kw;
  const attributes = { ...onnxWindow(window), group: channels };
  const rows = Array.from({ length: taps }, (_, tap) => {
    const filter = lowering.memo(`one-tap:${channels}:${kh}x${kw}:${tap}`, () => {
      const values = Float32Array.from({ length: channels * taps }, (_, index) =>
        Math.floor(index / block) % taps === tap ? 1 : 0,
      );
      return lowering.constant('float32', [channels, 1, kh, kw], values);
    });
    const moved = lowering.emitBlocked('Conv', [lowering.blocked(x), filter], attributes);
    const mean = lowering.emitBlocked('GlobalAveragePool', [lowering.emit('Mul', [moved, lowering.blocked(g)])]);
    return lowering.reduceSum(lowering.reshape(mean, [-1, channels]), [0], true);
  });
  const pixels = lowering.scalar(staticSize(g.shape[2]) * staticSize(g.shape[3]));
  const sums = lowering.emit('Mul', [lowering.emit('Concat', rows, { axis: 0 }), pixels]);
  const turned = lowering.transpose(sums, [1, 0]);
  lowering.define(outputOf(node), lowering.reshape(turned, [channels, 1, kh, kw]));
  return true;
}
