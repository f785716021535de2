import { GraphError } from '../graph-error.ts';
import type { Lowering } from '../lowering/lowering.ts';
import type { OperatorTable } from '../operator.ts';
import type { Tensor } from '../tensor.ts';
import { inputOf, need, numberOf, outputOf } from './rule-inputs.ts';

const FLOAT = 1;
const INT32 = 6;

/** Height and width of raw pictures as int64 [2]; `axis` is that of the height. */
function sizeOf(lowering: Lowering, image: Tensor, axis: number): string {
  return lowering.emit('Gather', [lowering.emit('Shape', [lowering.plain(image)]), lowering.int64s([axis, axis + 1])]);
}

/** What a model says of pictures, told of the pictures as they came. */
export const pictureOperators: OperatorTable = {
  /** Logits [N, classes, H, W] → the likeliest class of each pixel, int32 [N, H, W]. */
  LikeliestClass: {
    inferTypes: (inputs) => {
      const { shape } = need(inputs[0]);
      if (shape.length !== 4)
        throw new GraphError('shape-mismatch', `Classes of pixels are [N, classes, H, W], not [${shape}].`);
      return [{ dtype: 'int32', shape: [need(shape[0]), ...shape.slice(2)] }];
    },
    lower: {
      standard: (lowering, node) => {
        const best = lowering.emit('ArgMax', [lowering.plain(inputOf(node, 0))], { axis: 1, keepdims: 0 });
        lowering.define(outputOf(node), lowering.emit('Cast', [best], { to: INT32 }));
      },
    },
    gradient: 'none',
  },
  /** Masks int32 [N, h, w] and raw pictures, whose height is at the attribute `axis` → masks of their size, by the nearest pixel. */
  MaskOfPicture: {
    inferTypes: (inputs, attributes) => {
      const [mask, image] = [need(inputs[0]), need(inputs[1])];
      const axis = numberOf(attributes, 'axis');
      return [{ dtype: 'int32', shape: [need(mask.shape[0]), need(image.shape[axis]), need(image.shape[axis + 1])] }];
    },
    lower: {
      standard: (lowering, node) => {
        const [mask, image] = [inputOf(node, 0), inputOf(node, 1)];
        const [height, width] = mask.shape.slice(1).map(Number) as [number, number];
        const planes = lowering.reshape(lowering.plain(mask), [-1, 1, height, width]);
        const size = sizeOf(lowering, image, numberOf(node.attributes, 'axis'));
        const attributes = {
          mode: 'nearest',
          coordinate_transformation_mode: 'half_pixel',
          nearest_mode: 'round_prefer_ceil',
          axes: [2, 3],
        };
        const resized = lowering.emit('Resize', [planes, undefined, undefined, size], attributes);
        lowering.define(outputOf(node), lowering.emit('Squeeze', [resized, lowering.int64s([1])]));
      },
    },
    gradient: 'none',
  },
  /**
   * Boxes [detections, 7] of `SelectBoxes`, in pixels of the `height` and `width` that the model sees, and raw pictures,
   * whose height is at `axis` → the same in pixels of the pictures.
   */
  BoxesOfPicture: {
    inferTypes: (inputs) => [{ dtype: 'float32', shape: need(inputs[0]).shape }],
    lower: {
      standard: (lowering, node) => {
        const { attributes } = node;
        const seen = lowering.constant(
          'float32',
          [2],
          Float32Array.of(numberOf(attributes, 'height'), numberOf(attributes, 'width')),
        );
        const size = sizeOf(lowering, inputOf(node, 1), numberOf(attributes, 'axis'));
        const factors = lowering.emit('Div', [lowering.emit('Cast', [size], { to: FLOAT }), seen]);
        const places = lowering.int64s([1, 0, 1, 0]);
        const sides = lowering.emit('Gather', [factors, places]);
        const ones = lowering.constant('float32', [3], Float32Array.of(1, 1, 1));
        const row = lowering.emit('Concat', [ones, sides], { axis: 0 });
        lowering.define(outputOf(node), lowering.emit('Mul', [lowering.plain(inputOf(node, 0)), row]));
      },
    },
    gradient: 'none',
  },
};
