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
    let name = lowering.plain(weight);
    if (taps > 1) {
      const reversed = lowering.int64s(Array.from({ length: taps }, (_, index) => taps - 1 - index));
      name = lowering.emit('Gather', [lowering.reshape(name, [outputs, inputs, taps]), reversed], { axis: 2 });
    }
    const apart = lowering.reshape(name, [outputs / block, block, inputs / block, block, height, width]);
    return lowering.reshape(lowering.transpose(apart, [2, 0, 4, 5, 1, 3]), [inputs, outputs, height, width]);
  });
}

/**
 * The input gradient of a 3 x 3 filter at stride 2 and padding 1 as a 2 x 2 filter to four phases of channels, in the
 * order (row parity, column parity, channel). An even row is reached by kernel row 1 from the same place; an odd row by
 * row 2 from the same place and by row 0 from the next.
 */
export function packedPhaseFilter(lowering: Lowering, weight: Tensor, block: number): string {
  const [outputs, inputs] = sizesOf(weight);
  const tap = (parity: number, place: number): number => {
    if (parity === 0) return place === 0 ? 1 : -1;
    return place === 0 ? 2 : 0;
  };
  return lowering.memo(`phase-filter:${weight.id}`, () => {
    const flat = lowering.reshape(lowering.plain(weight), [outputs, inputs, 9]);
    const padded = lowering.emit('Pad', [flat, lowering.int64s([0, 0, 0, 0, 0, 1])]);
    const indices: number[] = [];
    for (const rowParity of [0, 1])
      for (const columnParity of [0, 1])
        for (const row of [0, 1])
          for (const column of [0, 1]) {
            const [y, x] = [tap(rowParity, row), tap(columnParity, column)];
            indices.push(y < 0 || x < 0 ? 9 : y * 3 + x);
          }
    const chosen = lowering.emit('Gather', [padded, lowering.int64s(indices)], { axis: 2 });
    const apart = lowering.reshape(chosen, [outputs / block, block, inputs / block, block, 4, 2, 2]);
    return lowering.reshape(lowering.transpose(apart, [4, 2, 0, 5, 6, 1, 3]), [4 * inputs, outputs, 2, 2]);
  });
}
