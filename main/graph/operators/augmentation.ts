import { broadcastShapes } from '../dimension.ts';
import type { OperatorTable, TypeRule } from '../operator.ts';
import { elementwise, sameAsFirst } from './elementwise.ts';
import { inputOf, need, outputOf } from './rule-inputs.ts';

const comparison: TypeRule = (inputs) => [
  { dtype: 'bool', shape: broadcastShapes(need(inputs[0]).shape, need(inputs[1]).shape) },
];

const INT64 = 7;

/** What changes samples on their way into a model: no gradient passes here. */
export const augmentationOperators: OperatorTable = {
  Sin: { inferTypes: sameAsFirst, lower: { standard: elementwise('Sin') }, gradient: 'none' },
  Cos: { inferTypes: sameAsFirst, lower: { standard: elementwise('Cos') }, gradient: 'none' },
  Floor: { inferTypes: sameAsFirst, lower: { standard: elementwise('Floor') }, gradient: 'none' },
  Equal: { inferTypes: comparison, lower: { standard: elementwise('Equal') }, gradient: 'none' },
  /** The rows in reverse order. */
  ReverseRows: {
    inferTypes: sameAsFirst,
    lower: {
      standard: (lowering, node) => {
        const ends = [[-1], [-(2 ** 31)], [0], [-1]].map((values) => lowering.int64s(values));
        lowering.define(outputOf(node), lowering.emit('Slice', [lowering.plain(inputOf(node, 0)), ...ends]));
      },
    },
    gradient: 'none',
  },
  /** Entries of a table [K] at float32 places, rounded down: shaped like the places. */
  LookUp: {
    inferTypes: (inputs) => [{ dtype: need(inputs[0]).dtype, shape: need(inputs[1]).shape }],
    lower: {
      standard: (lowering, node) => {
        const places = lowering.emit('Cast', [lowering.plain(inputOf(node, 1))], { to: INT64 });
        lowering.define(outputOf(node), lowering.emit('Gather', [lowering.plain(inputOf(node, 0)), places]));
      },
    },
    gradient: 'none',
  },
  /**
   * Images [N, C, H, W] read at places [N, H', W', 2] (x, y from −1 to 1 over the outer edges of the pixels), linearly
   * interpolated; attribute `padding`: `zeros` or `border`.
   */
  GridSample: {
    inferTypes: (inputs) => {
      const [x, grid] = [need(inputs[0]), need(inputs[1])];
      return [
        { dtype: x.dtype, shape: [need(x.shape[0]), need(x.shape[1]), need(grid.shape[1]), need(grid.shape[2])] },
      ];
    },
    lower: {
      standard: (lowering, node) => {
        const names = [lowering.plain(inputOf(node, 0)), lowering.plain(inputOf(node, 1))];
        const padding = String(node.attributes.padding);
        const attributes = { mode: 'linear', padding_mode: padding, align_corners: 0 };
        lowering.define(outputOf(node), lowering.emit('GridSample', names, attributes));
      },
    },
    gradient: 'none',
  },
};
