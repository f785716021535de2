import { ids, int32, like, numbers, type OperatorCase } from './operator-case.ts';

const flag = (value: boolean) => ({ dtype: 'bool', shape: [], data: Uint8Array.of(value ? 1 : 0) }) as const;
const texts = (...data: readonly string[]) => ({ dtype: 'string', shape: [data.length], data }) as const;

/** Two images: a box of class 1 and one of class 0 in the first, one of class 2 in the second. */
const boxes = numbers([1, 4, 4, 20, 24, 0, 12, 2, 30, 14, 2, 1, 6, 17, 29, -1, 0, 0, 0, 0], [2, 2, 5]);
/** Corners [1, 4, 5]: two pairs that overlap and one alone. */
const corners = numbers([0, 1, 20, 21, 40, 0, 1, 20, 22, 40, 10, 11, 30, 31, 50, 10, 11, 30, 30, 50], [1, 4, 5]);
const scores = numbers([0.9, 0.8, 0.3, 0.7, 0.6, 0.2, 0.1, 0.75, 0.65, 0.05], [1, 2, 5]);

/** Classes of two pictures of 2 x 3 pixels. */
const masks = { dtype: 'int32', shape: [2, 2, 3], data: Int32Array.of(0, 1, 2, 3, 4, 5, 5, 4, 3, 2, 1, 0) } as const;

/** Every operator that has no gradient rule and does not come from another one's. */
export const constantCases: readonly OperatorCase[] = [
  {
    operator: 'Min',
    inputs: [
      [3, 4],
      [3, 4],
    ],
  },
  { operator: 'Max', inputs: [[3, 4], [1]] },
  { operator: 'AddBias', inputs: [[3, 37], [3, 37], [37]] },
  { operator: 'Sign', inputs: [numbers([-2.5, 0, 3, -0.001])] },
  { operator: 'StopGradient', inputs: [[3, 4]] },
  { operator: 'PadAxis', inputs: [[2, 3, 4]], attributes: { axis: 1, before: 1, after: 2 } },
  { operator: 'ReduceMax', inputs: [[3, 4, 2]], attributes: { axes: [1], keep: true } },
  { operator: 'ReduceMin', inputs: [[3, 4, 2]], attributes: { axes: [0], keep: false } },
  { operator: 'CountAlong', inputs: [[3, 4, 2]], attributes: { axes: [0, 1] } },
  { operator: 'SumOfSquares', inputs: [[7, 9]] },
  { operator: 'DetectionTargets', inputs: [boxes, like(2, 1, 8, 8)], attributes: { stride: 4, classes: 3 } },
  { operator: 'CellPlaces', inputs: [like(1, 1, 3, 5)] },
  {
    operator: 'SelectBoxes',
    inputs: [corners, scores],
    attributes: { maximumBoxes: 4, overlapThreshold: 0.5, scoreThreshold: 0.15 },
  },
  { operator: 'LikeliestClass', inputs: [[2, 3, 4, 5]] },
  { operator: 'MaskOfPicture', inputs: [masks, like(2, 6, 4, 1)], attributes: { axis: 1 } },
  {
    operator: 'BoxesOfPicture',
    inputs: [[3, 7], like(2, 1, 6, 4)],
    attributes: { axis: 2, height: 2, width: 3 },
  },
  { operator: 'OneHot', inputs: [ids([2, 0, 3, 2])], attributes: { classes: 4 } },
  { operator: 'ZeroIfMissing', inputs: [numbers([1, Number.NaN, -2, Number.NaN], [2, 2])] },
  { operator: 'OneHotColumn', inputs: [numbers([2, 0, 7, -1], [4, 1])], attributes: { classes: 3 } },
  { operator: 'CorrectCount', inputs: [[6, 3], ids([0, 1, 2, 0, 1, 2])] },
  { operator: 'CorrectCount', label: 'weights', inputs: [[4, 3], ids([0, 1, 2, 0]), numbers([1, 0, 0.5, 2])] },
  { operator: 'LargestIndex', inputs: [[5, 7]] },
  { operator: 'PairMasks', inputs: [ids([2, 0, 2, 1, 0])] },
  { operator: 'RandomKey', inputs: [int32(12345), int32(678)], attributes: { stream: 3 } },
  { operator: 'DropoutMask', inputs: [like(5, 13), int32(-1234567)], attributes: { probability: 0.3 } },
  { operator: 'SampleMask', inputs: [like(37, 2, 1), int32(987654)], attributes: { probability: 0.4 } },
  { operator: 'RandomUniform', inputs: [like(3, 21), int32(55)] },
  { operator: 'RandomNormal', inputs: [like(3, 21), int32(56)] },
  { operator: 'EqualsId', inputs: [ids([3, 1, 3, 0], [2, 2])], attributes: { id: 3 } },
  { operator: 'Less', inputs: [[4, 3], [3]] },
  { operator: 'Hits', inputs: [[5, 3], ids([0, 1, 2, 0, 1])] },
  { operator: 'Positions', inputs: [ids([4, 4, 4, 4, 4, 4], [2, 3])] },
  { operator: 'Positions', label: 'after others', inputs: [ids([4, 4, 4, 4], [2, 2]), like(2, 2, 3, 4)] },
  { operator: 'CausalMask', inputs: [ids([2, 3, 4]), like(1, 2, 5, 3)] },
  {
    operator: 'AppendSteps',
    inputs: [
      [1, 2, 3, 4],
      [1, 2, 1, 4],
    ],
  },
  { operator: 'ZerosLike', inputs: [[2, 3]] },
  { operator: 'ScatterMaxRows', inputs: [[6, 3], ids([2, 0, 2, 2, 1, 0]), like(3, 1)] },
  { operator: 'CountIds', inputs: [ids([2, 0, 2, 2, 3]), like(5, 1)] },
  { operator: 'WithSelfLoops', inputs: [ids([0, 1, 2, 2, 0, 1], [2, 3]), like(3, 2)] },
  { operator: 'LargestMask', inputs: [[5, 6]], attributes: { count: 2 } },
  {
    operator: 'AdamWUpdate',
    inputs: [[6, 5], [6, 5], [6, 5], [6, 5], numbers([0.9], []), numbers([1e-3], []), numbers([0.99], [])],
    attributes: { beta1: 0.9, beta2: 0.999 },
    range: [0.1, 1],
  },
  {
    operator: 'SgdUpdate',
    inputs: [[6, 5], [6, 5], [6, 5], numbers([0.1], [])],
    attributes: { momentum: 0.9, weightDecay: 0.01, nesterov: true },
  },
  {
    operator: 'SgdUpdate',
    label: 'plain',
    inputs: [[6, 5], [6, 5], null, numbers([0.1], [])],
    attributes: { momentum: 0, weightDecay: 0, nesterov: false },
  },
  { operator: 'IsFinite', inputs: [numbers([3], [])] },
  { operator: 'IsFinite', label: 'infinity', inputs: [numbers([Number.POSITIVE_INFINITY], [])] },
  { operator: 'IsFinite', label: 'no number', inputs: [numbers([Number.NaN], [])] },
  { operator: 'Select', inputs: [flag(true), [3, 2], [3, 2]] },
  { operator: 'Select', label: 'otherwise', inputs: [flag(false), [3, 2], [3, 2]] },
  { operator: 'WaitFor', inputs: [[3, 4], [2]] },
  { operator: 'Sin', inputs: [[9]], range: [-7, 7] },
  { operator: 'Cos', inputs: [[9]], range: [-7, 7] },
  { operator: 'Floor', inputs: [[9]], range: [-3, 3] },
  { operator: 'Equal', inputs: [numbers([1, 2, 3, 4]), numbers([1, 3, 3, 5])] },
  { operator: 'ReverseRows', inputs: [[5, 3]] },
  { operator: 'LookUp', inputs: [[6], numbers([0, 5, 2.5, 3.999], [2, 2])] },
  {
    operator: 'GridSample',
    inputs: [
      [2, 3, 5, 4],
      [2, 3, 4, 2],
    ],
    attributes: { padding: 'zeros' },
    range: [-1.2, 1.2],
  },
  {
    operator: 'GridSample',
    label: 'border',
    inputs: [
      [1, 2, 5, 4],
      [1, 3, 4, 2],
    ],
    attributes: { padding: 'border' },
    range: [-1.2, 1.2],
  },
  {
    operator: 'Tokenize',
    inputs: [texts('The cat  sat', 'a cat and a dog and more', '')],
    attributes: { vocabulary: ['cat', 'the', 'dog'], length: 4, lowercase: true },
  },
];
