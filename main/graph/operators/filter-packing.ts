import type { Lowering } from '../lowering/lowering.ts';
import type { Tensor } from '../tensor.ts';

/**
 * Filters in the order that ONNX Runtime's NCHWc convolution reads (MlasReorderFilterOIHWBiBo and ...OIHWBo), packed in
 * the graph because the weights change at every step. Each returns a name whose shape still says [O, I, kh, kw].
 */

type Sizes = [number, number, number, number];

const sizesOf = (weight: Tensor): Sizes => weight.shape.map(Number) as Sizes;

/** [O/b, I/b, kh, kw, bi, bo], or [O/b, I, kh, kw, bo] where the input has less than a block of channels. */
export function packedFilter(lowering: Lowering, weight: Tensor, block: number): string {
  const [outputs, inputs, height, width] = sizesOf(weight);
  return lowering.memo(`filter:${weight.id}`, () => {
    const name = lowering.plain(weight);
    const packed =
      inputs < block
        ? lowering.transpose(lowering.reshape(name, [outputs / block, block, inputs, height, width]), [0, 2, 3, 4, 1])
        : lowering.transpose(
            lowering.reshape(name, [outputs / block, block, inputs / block, block, height, width]),
            [0, 2, 4, 5, 3, 1],
          );
    return lowering.reshape(packed, [outputs, inputs, height, width]);
  });
}

/** The filter of the input gradient at stride 1: rotated by half a turn, inputs and outputs exchanged. */
export function packedFlippedFilter(lowering: Lowering, weight: Tensor, block: number): string {
  const [outputs, inputs, height, width] = sizesOf(weight);
  const taps = height * width;
  return lowering.memo(`flipped-filter:${weight.id}`, () => {
    // The input channels come last first: what moves after that moves in whole blocks.
    const name = lowering.reshape(lowering.plain(weight), [(outputs * inputs) / block, block, taps]);
    const turned = lowering.reshape(lowering.transpose(name, [0, 2, 1]), [outputs, inputs / block, taps, block]);
    const reversed = lowering.int64s(Array.from({ length: taps }, (_, index) => taps - 1 - index));
    const flipped = taps > 1 ? lowering.emit('Gather', [turned, reversed], { axis: 2 }) : turned;
    if (outputs < block) {
      // [I/b, O, kh, kw, bi]: the gradient is read as a plain image.
      return lowering.reshape(lowering.transpose(flipped, [1, 0, 2, 3]), [inputs, outputs, height, width]);
    }
    const apart = lowering.reshape(flipped, [outputs / block, block, inputs / block, taps, block]);
    return lowering.reshape(lowering.transpose(apart, [2, 0, 3, 1, 4]), [inputs, outputs, height, width]);
  });
}

/** Which source pixels, relative to i, reach the output pixels 2i and 2i + 1 of a transposed convolution at stride 2. */
export interface PhaseWindow {
  /** Of the convolution that computes all four phases. */
  readonly kernel: number;
  readonly pads: readonly [number, number, number, number];
  /** `tap(parity, place)`: the row of the original kernel, or undefined where nothing is read. */
  readonly tap: (parity: number, place: number) => number | undefined;
}

export function phaseWindow(kernel: number, pad: number): PhaseWindow {
  const row = (parity: number, offset: number): number | undefined => {
    const tap = parity + pad - 2 * offset;
    return tap >= 0 && tap < kernel ? tap : undefined;
  };
  const reach = Array.from({ length: 2 * kernel + 1 }, (_, index) => index - kernel).filter((offset) =>
    [0, 1].some((parity) => row(parity, offset) !== undefined),
  );
  const [first, last] = [Math.min(0, ...reach), Math.max(0, ...reach)];
  return {
    kernel: last - first + 1,
    pads: [-first, -first, last, last],
    tap: (parity, place) => row(parity, first + place),
  };
}

/**
 * A filter at stride 2 turned around: from its output to four phases of its input's channels, in the order (row parity,
 * column parity, channel), to be shuffled into an image of twice the size.
 */
export function packedPhaseFilter(lowering: Lowering, weight: Tensor, block: number, pad: number): string {
  const [outputs, inputs, size] = sizesOf(weight);
  const taps = size * size;
  const { kernel, tap } = phaseWindow(size, pad);
  const places = Array.from({ length: kernel }, (_, index) => index);
  return lowering.memo(`phase-filter:${weight.id}`, () => {
    const flat = lowering.reshape(lowering.plain(weight), [outputs, inputs, taps]);
    const indices: number[] = [];
    for (const rowParity of [0, 1])
      for (const columnParity of [0, 1])
        for (const row of places)
          for (const column of places) {
            const [y, x] = [tap(rowParity, row), tap(columnParity, column)];
            indices.push(y === undefined || x === undefined ? taps : y * size + x);
          }
    const all = indices.includes(taps) ? lowering.emit('Pad', [flat, lowering.int64s([0, 0, 0, 0, 0, 1])]) : flat;
    const chosen = lowering.emit('Gather', [all, lowering.int64s(indices)], { axis: 2 });
    const apart = lowering.reshape(chosen, [outputs / block, block, inputs / block, block, 4, kernel, kernel]);
    return lowering.reshape(lowering.transpose(apart, [4, 2, 0, 5, 6, 1, 3]), [4 * inputs, outputs, kernel, kernel]);
  });
}

/** One filter per channel, rotated by half a turn: [C / b, 1, kh, kw, b]. */
export function packedFlippedDepthwiseFilter(lowering: Lowering, weight: Tensor, block: number): string {
  const [channels, , height, width] = sizesOf(weight);
  const taps = height * width;
  return lowering.memo(`flipped-depthwise-filter:${weight.id}`, () => {
    const flat = lowering.reshape(lowering.plain(weight), [channels, taps]);
    const reversed = lowering.int64s(Array.from({ length: taps }, (_, index) => taps - 1 - index));
    const turned = lowering.reshape(lowering.emit('Gather', [flat, reversed], { axis: 1 }), [
      channels / block,
      block,
      taps,
    ]);
    return lowering.reshape(lowering.transpose(turned, [0, 2, 1]), [channels, 1, height, width]);
  });
}
