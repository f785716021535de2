import { ids, like, numbers, type OperatorCase, window } from './operator-case.ts';

/** At least one case for every operator with a gradient rule. */
export const differentiableCases: readonly OperatorCase[] = [
  { operator: 'Rnn', inputs: [[3, 2, 4], [5, 4], [5, 5], [5], [5], [2, 5]], attributes: { reverse: false } },
  { operator: 'Gru', inputs: [[3, 2, 4], [15, 4], [15, 5], [15], [15], [2, 5]], attributes: { reverse: true } },
  {
    operator: 'Lstm',
    inputs: [[3, 2, 4], [20, 4], [20, 5], [20], [20], [2, 5], [2, 5]],
    attributes: { reverse: false },
  },
  {
    operator: 'Lstm',
    label: 'reverse without biases',
    inputs: [
      [3, 2, 4],
      [8, 4],
      [8, 2],
    ],
    attributes: { reverse: true },
  },
  { operator: 'Embedding', inputs: [[7, 3], ids([5, 1, 5, 2, 1, 5, 0])], attributes: { padding: -1 } },
  { operator: 'ReverseSequence', inputs: [[4, 2, 3], ids([3, 2])] },
  {
    operator: 'Rotary',
    inputs: [
      [2, 2, 3, 4],
      [3, 2],
      [3, 2],
    ],
    attributes: { inverse: false },
    wanted: [0],
  },
  { operator: 'SplitHeads', inputs: [[2, 3, 12]], attributes: { parts: 3, heads: 2 } },
  {
    operator: 'JoinHeads',
    inputs: [
      [2, 2, 3, 2],
      [2, 2, 3, 2],
    ],
  },
  { operator: 'Add', inputs: [[3, 4], [4]] },
  {
    operator: 'Sub',
    inputs: [
      [3, 1],
      [3, 4],
    ],
  },
  {
    operator: 'Mul',
    inputs: [
      [2, 3, 4],
      [3, 1],
    ],
  },
  {
    operator: 'Div',
    inputs: [
      [3, 4],
      [3, 4],
    ],
    range: [0.5, 2],
  },
  {
    operator: 'Pow',
    inputs: [
      [3, 4],
      [3, 4],
    ],
    range: [0.5, 2],
  },
  { operator: 'Neg', inputs: [[5]] },
  { operator: 'Exp', inputs: [[5]] },
  { operator: 'Log', inputs: [[5]], range: [0.5, 2] },
  { operator: 'Sqrt', inputs: [[5]], range: [0.5, 2] },
  { operator: 'Abs', inputs: [[5]], range: [0.5, 2] },
  { operator: 'Reciprocal', inputs: [[5]], range: [0.5, 2] },
  { operator: 'Sigmoid', inputs: [[5]] },
  { operator: 'Tanh', inputs: [[5]] },
  { operator: 'Relu', inputs: [[5]], range: [0.3, 1] },
  { operator: 'Erf', inputs: [[9]], range: [-2, 2] },
  { operator: 'Gelu', inputs: [[9]], range: [-2, 2] },
  { operator: 'Silu', inputs: [[9]], range: [-2, 2] },
  { operator: 'Cast', inputs: [[5]], attributes: { dtype: 'float32' } },
  { operator: 'Reshape', inputs: [[3, 4]], attributes: { shape: [2, 6] } },
  { operator: 'Transpose', inputs: [[2, 3, 4]], attributes: { order: [2, 0, 1] } },
  {
    operator: 'BroadcastLike',
    inputs: [
      [3, 1],
      [3, 4],
    ],
    wanted: [0],
  },
  {
    operator: 'Concat',
    inputs: [
      [2, 3],
      [2, 2],
    ],
    attributes: { axis: 1 },
  },
  { operator: 'Slice', inputs: [[2, 6]], attributes: { axis: 1, start: 2, size: 3 } },
  { operator: 'ReduceSum', inputs: [[2, 3, 4]], attributes: { axes: [1], keep: false } },
  { operator: 'ReduceSum', label: 'leading axes', inputs: [[4, 4, 3]], attributes: { axes: [1, 0], keep: false } },
  { operator: 'ReduceMean', inputs: [[2, 3, 4]], attributes: { axes: [0, 2], keep: true } },
  { operator: 'Gemm', inputs: [[3, 4], [4, 5], [5]], attributes: { transposeLeft: false, transposeRight: false } },
  {
    operator: 'Gemm',
    label: 'right',
    inputs: [
      [3, 4],
      [5, 4],
    ],
    attributes: { transposeLeft: false, transposeRight: true },
  },
  {
    operator: 'Gemm',
    label: 'left',
    inputs: [
      [4, 3],
      [4, 5],
    ],
    attributes: { transposeLeft: true, transposeRight: false },
  },
  {
    operator: 'Gemm',
    label: 'both',
    inputs: [
      [4, 3],
      [5, 4],
    ],
    attributes: { transposeLeft: true, transposeRight: true },
  },
  {
    operator: 'MatMul',
    inputs: [
      [2, 3, 4],
      [4, 5],
    ],
  },
  { operator: 'Conv', inputs: [[2, 3, 6, 5], [4, 3, 3, 3], [4]], attributes: { ...window(3, 1, 1), groups: 1 } },
  {
    operator: 'Conv',
    label: 'stride',
    inputs: [
      [2, 2, 7, 6],
      [3, 2, 3, 3],
    ],
    attributes: { ...window(3, 2, 1), groups: 1 },
  },
  {
    operator: 'Conv',
    label: 'groups',
    inputs: [
      [2, 4, 5, 5],
      [6, 2, 2, 2],
    ],
    attributes: { ...window(2), groups: 2 },
  },
  {
    operator: 'Conv',
    label: 'dilation',
    inputs: [
      [1, 2, 8, 8],
      [2, 2, 3, 3],
    ],
    attributes: { ...window(3, 1, 1, 2), groups: 1 },
  },
  {
    operator: 'Conv',
    label: 'six outputs per group',
    inputs: [
      [2, 4, 5, 5],
      [12, 2, 3, 3],
    ],
    attributes: { ...window(3, 1, 1), groups: 2 },
  },
  {
    operator: 'Conv',
    label: 'depthwise',
    inputs: [
      [2, 8, 6, 6],
      [8, 1, 3, 3],
    ],
    attributes: { ...window(3, 1, 1), groups: 8 },
  },
  {
    operator: 'Conv',
    label: 'sixteen channels',
    inputs: [[2, 16, 6, 6], [16, 16, 3, 3], [16]],
    attributes: { ...window(3, 1, 1), groups: 1 },
  },
  ...(
    [
      ['ConvInputGradient', 'as a second derivative', [2, 3, 4, 3], [3, 2, 3, 3]],
      ['ConvWeightGradient', 'as a second derivative', [2, 2, 7, 6], [2, 3, 4, 3]],
    ] as const
  ).map(
    ([operator, label, ...inputs]): OperatorCase => ({
      operator,
      label,
      inputs,
      attributes: { ...window(3, 2, 1), groups: 1, inputShape: [2, 2, 7, 6], weightShape: [3, 2, 3, 3] },
    }),
  ),
  { operator: 'ReluGradient', inputs: [[3, 4], numbers([1, 0, 2, 0, 0, 3, 1, 0, 2, 2, 0, 1], [3, 4])] },
  { operator: 'MaxPool', inputs: [[2, 2, 6, 6]], attributes: window(2, 2), spaced: true },
  { operator: 'MaxPool', label: 'overlap', inputs: [[2, 2, 7, 7]], attributes: window(3, 2, 1), spaced: true },
  {
    operator: 'MaxPool',
    label: 'dilated, with a rest',
    inputs: [[1, 3, 9, 8]],
    attributes: window(2, 3, 1, 2),
    spaced: true,
  },
  { operator: 'AveragePool', inputs: [[2, 2, 6, 6]], attributes: window(2, 2) },
  { operator: 'AveragePool', label: 'overlap', inputs: [[2, 2, 7, 7]], attributes: window(3, 2, 1) },
  {
    operator: 'ConvTranspose',
    label: 'stride 2',
    inputs: [[2, 3, 4, 3], [3, 2, 3, 3], [2]],
    attributes: { ...window(3, 2, 1), groups: 1, outputPadding: [1, 1] },
  },
  {
    operator: 'ConvTranspose',
    label: 'groups',
    inputs: [
      [2, 4, 3, 3],
      [4, 1, 2, 2],
    ],
    attributes: { ...window(2, 2), groups: 2, outputPadding: [0, 0] },
  },
  { operator: 'UpsampleNearest', inputs: [[2, 3, 3, 2]], attributes: { factor: 2 } },
  { operator: 'Resize', inputs: [[2, 2, 3, 4]], attributes: { height: 7, width: 8 } },
  {
    operator: 'Resize',
    label: 'antialiased',
    inputs: [[1, 2, 7, 6]],
    attributes: { height: 3, width: 9, antialias: true },
  },
  {
    operator: 'ChannelScale',
    inputs: [
      [2, 3, 3, 2],
      [2, 3, 1, 1],
    ],
  },
  { operator: 'PixelSum', inputs: [[2, 3, 3, 2]] },
  { operator: 'Clip', inputs: [[4, 25]], attributes: { minimum: -0.325, maximum: 0.255 }, spaced: true },
  { operator: 'HardSigmoid', inputs: [[4, 6]], range: [-2.9, 2.9] },
  { operator: 'HardSwish', inputs: [[4, 6]], range: [-2.9, 2.9] },
  { operator: 'LeakyRelu', inputs: [[4, 6]], attributes: { slope: 0.1 }, range: [0.1, 1] },
  { operator: 'LeakyRelu', label: 'negative', inputs: [[4, 6]], attributes: { slope: 0.1 }, range: [-1, -0.1] },
  { operator: 'Elu', inputs: [[4, 6]], attributes: { alpha: 0.7 }, range: [-2, -0.1] },
  { operator: 'GroupNorm', inputs: [[3, 6, 2, 2], [6], [6]], attributes: { groups: 3, epsilon: 1e-5 } },
  { operator: 'GlobalAveragePool', inputs: [[2, 3, 4, 5]] },
  { operator: 'BatchNormTrain', inputs: [[4, 3, 2, 2], [3], [3]], attributes: { epsilon: 1e-5 } },
  { operator: 'BatchNormTrain', label: 'rows', inputs: [[6, 3], [3], [3]], attributes: { epsilon: 1e-5 } },
  {
    operator: 'BatchNormEvaluation',
    inputs: [[2, 3, 2, 2], [3], [3], [3], [3]],
    attributes: { epsilon: 1e-5 },
    range: [0.5, 1.5],
    wanted: [0, 1, 2],
  },
  { operator: 'LayerNorm', inputs: [[3, 6], [6], [6]], attributes: { axis: 1, epsilon: 1e-5 } },
  { operator: 'Softmax', inputs: [[3, 5]], attributes: { axis: 1 } },
  { operator: 'LogSoftmax', inputs: [[3, 5]], attributes: { axis: 1 } },
  { operator: 'Softplus', inputs: [[7]], range: [-3, 3] },
  { operator: 'Unsqueeze', inputs: [[3, 4]], attributes: { axis: 1 } },
  { operator: 'GatherRows', inputs: [[4, 3], ids([2, 0, 2, 2, 3])] },
  { operator: 'ScatterAddRows', inputs: [[5, 3], ids([2, 0, 2, 2, 1]), like(4, 1)] },
  { operator: 'ScatterAddRows', label: 'rank 3', inputs: [[5, 2, 2], ids([2, 0, 2, 2, 1]), like(3)] },
  { operator: 'NeighborSum', inputs: [[4, 3], ids([0, 1, 1, 3, 2]), ids([2, 2, 2, 0, 2])] },
  { operator: 'SegmentSoftmax', inputs: [[6, 2], ids([2, 0, 2, 2, 1, 0]), like(4)] },
  {
    operator: 'SoftmaxCrossEntropy',
    inputs: [[4, 5], ids([0, 1, 2, 3])],
    attributes: { labelSmoothing: 0.1 },
    wanted: [0],
  },
];
