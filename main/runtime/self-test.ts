import {
  Conv2d,
  compileForward,
  compileTrainStep,
  Flatten,
  GELU,
  Linear,
  MaxPool2d,
  ReLU,
  Sequential,
  type Target,
} from '../graph/index.ts';
import type { RuntimeFeeds, RuntimeTensor } from './backend.ts';
import type { ProviderName } from './provider.ts';
import { selfTestValues } from './self-test-values.ts';
import { float32Scalar, float32Tensor, int32Scalar, int64Tensor } from './session.ts';

const CLASSES = 5;
const BATCH_SIZE = 4;
const IMAGE_SIZE = 8;
const CHANNELS = 16;
const TARGETS = [0n, 3n, 1n, 4n];
const INPUT_STREAM = 100;

/** GPUs may multiply with shortened mantissas (TF32 keeps 10 bits); a wrong kernel is wrong by far more. */
export const TOLERANCES: Readonly<Record<ProviderName, number>> = {
  cpu: 1e-4,
  webgpu: 5e-3,
  cuda: 5e-3,
  dml: 5e-3,
  coreml: 5e-3,
};

/** Runs a graph once on the device under test. */
export type Execute = (onnx: Uint8Array, feeds: RuntimeFeeds) => Promise<Readonly<Record<string, RuntimeTensor>>>;

export interface SelfTestResult {
  readonly passed: boolean;
  /** The largest relative L2 error of logits, loss and gradients against PyTorch in float64. */
  readonly maxRelativeError: number;
  /** Which figure was worst. */
  readonly worst: string;
  readonly tolerance: number;
}

/**
 * A small network (convolutions with stride and padding, pooling, relu, gelu, dense, softmax cross-entropy) forward and
 * backward on a device, against values that PyTorch computed in float64. A device that is silently wrong, as some are
 * with grouped convolutions, is found before anybody trains on it.
 */
export async function selfTest(provider: ProviderName, target: Target, execute: Execute): Promise<SelfTestResult> {
  const model = { module: network(), inputShape: [3, IMAGE_SIZE, IMAGE_SIZE] };
  const parameters: Record<string, Float32Array> = {};
  const shapes: Record<string, readonly number[]> = {};
  model.module.namedParameters().forEach(([name, { shape }], stream) => {
    parameters[name] = wave(product(shape), stream, 0.2);
    shapes[name] = shape;
  });
  const x = float32Tensor(wave(BATCH_SIZE * 3 * IMAGE_SIZE * IMAGE_SIZE, INPUT_STREAM, 1), [
    BATCH_SIZE,
    3,
    IMAGE_SIZE,
    IMAGE_SIZE,
  ]);

  const forward = await execute(compileForward(model, { parameters, target }).onnx, { x });
  // With plain SGD at rate 1 the step takes away the gradient itself.
  const step = compileTrainStep(model, {
    loss: { kind: 'cross_entropy' },
    optimizer: { kind: 'sgd' },
    parameters,
    target,
  });
  const feeds: Record<string, RuntimeTensor> = {
    x,
    y: int64Tensor(BigInt64Array.from(TARGETS), [BATCH_SIZE]),
    learningRate: float32Scalar(1),
    step: int32Scalar(1),
  };
  for (const name of Object.keys(parameters)) feeds[name] = float32Tensor(parameters[name], shapes[name]);
  const stepped = await execute(step.onnx, feeds);

  const figures: { readonly name: string; readonly error: number }[] = [
    { name: 'the forward pass', error: relativeError(values(forward.output), selfTestValues.logits) },
    { name: 'the loss', error: relativeError(values(stepped.loss), [selfTestValues.loss]) },
  ];
  for (const [name, expected] of Object.entries(selfTestValues.gradients)) {
    const outputName = step.state.find((state) => state.name === name)?.outputName ?? '';
    const next = values(stepped[outputName]);
    const gradient = parameters[name].map((value, index) => value - next[index]);
    const stride = Math.max(1, Math.floor(gradient.length / 12));
    const samples = gradient.filter((_, index) => index % stride === 0);
    figures.push(
      { name: `the gradient of ${name}`, error: relativeError(samples, expected.samples) },
      { name: `the gradient of ${name}`, error: relativeError([norm(gradient)], [expected.norm]) },
    );
  }
  const worst = figures.reduce((a, b) => (Number.isNaN(b.error) || b.error > a.error ? b : a));
  const tolerance = TOLERANCES[provider];
  return { passed: worst.error <= tolerance, maxRelativeError: worst.error, worst: worst.name, tolerance };
}

function network(): Sequential {
  return new Sequential([
    new Conv2d(3, CHANNELS, 3, { padding: 1 }),
    new ReLU(),
    new MaxPool2d(2),
    new Conv2d(CHANNELS, CHANNELS, 3, { stride: 2, padding: 1 }),
    new GELU(),
    new Flatten(),
    new Linear((CHANNELS * IMAGE_SIZE * IMAGE_SIZE) / 16, CLASSES),
  ]);
}

/** The same numbers as in make_self_test.py, without a file of weights. */
function wave(count: number, stream: number, scale: number): Float32Array {
  return Float32Array.from(
    { length: count },
    (_, index) => Math.sin(12.9898 * (index + 1) + 78.233 * (stream + 1)) * scale,
  );
}

function values(tensor: RuntimeTensor | undefined): Float32Array {
  return tensor?.data instanceof Float32Array ? tensor.data : new Float32Array();
}

function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  const difference = Array.from(expected, (value, index) => value - actual[index]);
  const error = norm(difference) / norm(expected);
  return Number.isFinite(error) ? error : Number.POSITIVE_INFINITY;
}

function norm(numbers: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < numbers.length; index++) sum += numbers[index] ** 2;
  return Math.sqrt(sum);
}

function product(shape: readonly number[]): number {
  return shape.reduce((count, size) => count * size, 1);
}
