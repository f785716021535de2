import { elementCount } from '../dimension.ts';
import type { Lowering } from '../lowering/lowering.ts';
import type { LoweringRule, OperatorTable } from '../operator.ts';
import type { Tensor } from '../tensor.ts';
import { inputOf, need, numberOf, outputOf } from './rule-inputs.ts';

/** A centre's bell reaches over this share of its box, at three standard deviations (TTFNet, Liu et al. 2020). */
const BELL_SHARE = 0.54;
/** Of a bell, in cells: below it, the neighbours of a tiny box's centre would learn nothing. */
const SMALLEST_DEVIATION = 0.4;
/** Cells count for the box regression from this height of a bell on. */
const SMALLEST_WEIGHT = 0.1;

/** The columns and rows of all cells in reading order, each [1, 1, cells]. */
function cells(lowering: Lowering, height: number, width: number): { readonly x: string; readonly y: string } {
  const count = height * width;
  const make = (value: (index: number) => number): string =>
    lowering.constant(
      'float32',
      [1, 1, count],
      Float32Array.from({ length: count }, (_, index) => value(index)),
    );
  return { x: make((index) => index % width), y: make((index) => Math.floor(index / width)) };
}

const detectionTargets: LoweringRule = (lowering, node) => {
  const [boxes, map] = [inputOf(node, 0), inputOf(node, 1)];
  const stride = numberOf(node.attributes, 'stride');
  const classes = numberOf(node.attributes, 'classes');
  const [height, width] = map.shape.slice(2).map(Number) as [number, number];
  const y = lowering.plain(boxes);
  const value = (operator: string, ...names: string[]): string => lowering.emit(operator, names);
  /** A column of the boxes as [N, boxes, 1]. */
  const column = (index: number): string => lowering.emit('Gather', [y, lowering.int64s([index])], { axis: 2 });
  const [ids, left, top, right, bottom] = [0, 1, 2, 3, 4].map(column) as [string, string, string, string, string];
  const cell = cells(lowering, height, width);
  /** −(distance to the cell of the centre)² / 2σ², along one axis. */
  const exponent = (start: string, end: string, places: string): string => {
    const centre = value('Floor', value('Mul', value('Add', start, end), lowering.scalar(0.5 / stride)));
    const size = value('Mul', value('Sub', end, start), lowering.scalar(BELL_SHARE / (6 * stride)));
    const deviation = value('Max', size, lowering.scalar(SMALLEST_DEVIATION));
    const distance = value('Div', value('Sub', places, centre), deviation);
    return value('Mul', value('Mul', distance, distance), lowering.scalar(-0.5));
  };
  const isBox = lowering.emit('Cast', [value('GreaterOrEqual', ids, lowering.scalar(0))], { to: 1 });
  const both = value('Add', exponent(left, right, cell.x), exponent(top, bottom, cell.y));
  const bells = value('Mul', value('Exp', both), isBox);
  // Each bell lands in its class's map; the highest wins, in whatever order they come.
  const batch = lowering.emit('Gather', [lowering.emit('Shape', [y]), lowering.int64s([0])]);
  const empty = (depth: number): string => {
    const sizes = lowering.emit('Concat', [batch, lowering.int64s([depth, height * width])], { axis: 0 });
    return lowering.emit('Expand', [lowering.scalar(0), sizes]);
  };
  const known = lowering.emit('Cast', [value('Max', ids, lowering.scalar(0))], { to: 7 });
  const places = value('Expand', known, lowering.emit('Shape', [bells]));
  const heat = lowering.emit('ScatterElements', [empty(classes), places, bells], { axis: 1, reduction: 'max' });
  const highest = lowering.emit('ReduceMax', [bells, lowering.int64s([1])], { keepdims: 1 });
  const counts = lowering.emit('Cast', [value('GreaterOrEqual', highest, lowering.scalar(SMALLEST_WEIGHT))], { to: 1 });
  const winner = lowering.reshape(lowering.emit('ArgMax', [bells], { axis: 1, keepdims: 0 }), [-1, height * width, 1]);
  const corners = lowering.emit('Gather', [y, lowering.int64s([1, 2, 3, 4])], { axis: 2 });
  const chosen = lowering.emit('GatherND', [corners, winner], { batch_dims: 1 });
  lowering.define(outputOf(node), lowering.reshape(heat, [-1, classes, height, width]));
  lowering.define(outputOf(node, 1), lowering.transpose(chosen, [0, 2, 1]));
  lowering.define(outputOf(node, 2), value('Mul', highest, counts));
  lowering.define(outputOf(node, 3), lowering.emit('ReduceSum', [isBox], { keepdims: 0 }));
};

const selectBoxes: LoweringRule = (lowering, node) => {
  const [corners, scores] = [lowering.plain(inputOf(node, 0)), lowering.plain(inputOf(node, 1))];
  const boxes = lowering.transpose(corners, [0, 2, 1]);
  const chosen = lowering.emit('NonMaxSuppression', [
    boxes,
    scores,
    lowering.int64s([numberOf(node.attributes, 'maximumBoxes')]),
    lowering.constant('float32', [1], Float32Array.of(numberOf(node.attributes, 'overlapThreshold'))),
    lowering.constant('float32', [1], Float32Array.of(numberOf(node.attributes, 'scoreThreshold'))),
  ]);
  const columns = (...indices: number[]): string =>
    lowering.emit('Gather', [chosen, lowering.int64s(indices)], { axis: 1 });
  const ids = lowering.emit('Cast', [columns(0, 1)], { to: 1 });
  const score = lowering.reshape(lowering.emit('GatherND', [scores, chosen]), [-1, 1]);
  const box = lowering.emit('GatherND', [boxes, columns(0, 2)]);
  lowering.define(outputOf(node), lowering.emit('Concat', [ids, score, box], { axis: 1 }));
};

export const detectionOperators: OperatorTable = {
  /**
   * Inputs: boxes [N, boxes, 5] as (class, left, top, right, bottom) in pixels, class −1 for none, and the head's map [N,
   * *, H, W] for its size. Outputs: heat [N, classes, H, W] with a bell around each centre and exactly 1 at its cell; the
   * corners of the box that rules each cell [N, 4, H·W]; how much the cell counts for it [N, 1, H·W]; the number of boxes.
   */
  DetectionTargets: {
    inferTypes: (inputs, attributes) => {
      const map = need(inputs[1]);
      const [batch, , height, width] = map.shape;
      const pixels = elementCount(map.shape.slice(2));
      const first = need(batch);
      return [
        { dtype: 'float32', shape: [first, numberOf(attributes, 'classes'), need(height), need(width)] },
        { dtype: 'float32', shape: [first, 4, pixels] },
        { dtype: 'float32', shape: [first, 1, pixels] },
        { dtype: 'float32', shape: [] },
      ];
    },
    lower: { standard: detectionTargets },
    gradient: 'none',
  },
  /** The columns and rows of a map's cells, [1, 1, H·W] each; only the map's size is read. */
  CellPlaces: {
    inferTypes: (inputs) => {
      const place = { dtype: 'float32', shape: [1, 1, elementCount(need(inputs[0]).shape.slice(2))] } as const;
      return [place, place];
    },
    lower: {
      standard: (lowering, node) => {
        const [height, width] = inputOf(node, 0).shape.slice(2).map(Number) as [number, number];
        const { x, y } = cells(lowering, height, width);
        lowering.define(outputOf(node), x);
        lowering.define(outputOf(node, 1), y);
      },
    },
    gradient: 'none',
  },
  /**
   * Inputs: corners [N, 4, cells] and scores [N, classes, cells] → [detections, 7]: image, class, score, left, top, right,
   * bottom, by ONNX's NonMaxSuppression.
   */
  SelectBoxes: {
    inferTypes: () => [{ dtype: 'float32', shape: ['detections', 7] }],
    lower: { standard: selectBoxes },
    gradient: 'none',
  },
};

/** Corners [N, 4, H·W] in pixels from distances to the sides, in cells: [N, 4, H, W] (left, top, right, bottom). */
export function decodeCorners(distances: Tensor, stride: number): Tensor {
  const { graph } = distances;
  const [batch, , height, width] = distances.shape;
  const count = Number(height) * Number(width);
  const flat = graph.apply('Reshape', [distances], { shape: [need(batch), 4, count] });
  const side = (start: number): Tensor => graph.apply('Slice', [flat], { axis: 1, start, size: 1 });
  const [x, y] = graph.applyAll('CellPlaces', [distances]) as readonly [Tensor, Tensor];
  const centre = (places: Tensor): Tensor => graph.apply('Add', [places, graph.scalar(0.5)]);
  const corners = [
    graph.apply('Sub', [centre(x), side(0)]),
    graph.apply('Sub', [centre(y), side(1)]),
    graph.apply('Add', [centre(x), side(2)]),
    graph.apply('Add', [centre(y), side(3)]),
  ];
  return graph.apply('Mul', [graph.apply('Concat', corners, { axis: 1 }), graph.scalar(stride)]);
}
