import type { LossSpec } from '../../graph/index.ts';
import { floats, tensor } from '../../graph/run-onnx.test-support.ts';
import { buildModel, type Model } from '../build-model.ts';
import { fill } from '../golden.test-support.ts';
import type { ArchitectureSpec, LayerSpec, OutputSignature } from '../specification.ts';

export interface VisionGolden {
  readonly name: string;
  readonly shape: readonly [number, number, number];
  readonly batch: number;
  readonly layers?: readonly LayerSpec[];
  readonly spec?: ArchitectureSpec;
  readonly output: 'classification' | 'segmentation' | 'detection';
  readonly classes: number;
  readonly ignored?: boolean;
  readonly loss: LossSpec;
  readonly rate?: number;
  /** The first 800 numbers. */
  readonly outputValue: string;
  readonly lossValue: number;
  readonly inputGradient: string;
  readonly gradients: Readonly<Record<string, string>>;
  /** Of large gradients: three projections and the norm. */
  readonly projections: Readonly<Record<string, readonly [number, number, number, number]>>;
  readonly losses?: readonly number[];
}

export function modelOf(golden: VisionGolden): Model {
  const [channels, height, width] = golden.shape;
  const output = { kind: golden.output, classes: golden.classes } as OutputSignature;
  const input = { kind: 'image', channels, height, width } as const;
  if (golden.spec) return buildModel(golden.spec, input, output);
  // The linear layer at the end, and what flattens for it, are added to every list of layers.
  const layers = (golden.layers ?? []).slice(0, -1);
  const body = layers.at(-1)?.kind === 'flatten' ? layers.slice(0, -1) : layers;
  return buildModel({ kind: 'sequential', layers: body }, input, output);
}

/** The weights that vision.py sets; buffers keep their defaults. */
export function weightsOf({ module }: Model): Record<string, Float32Array> {
  const values: Record<string, Float32Array> = {};
  const sorted = [...module.namedParameters()].sort(([left], [right]) => (left < right ? -1 : 1));
  sorted.forEach(([name, { shape, initializer }], stream) => {
    const count = shape.reduce((product, size) => product * size, 1);
    const raw = fill(count, stream + 100);
    const factor = shape.length > 1 ? Math.fround(Math.sqrt(3 / (count / (shape[0] ?? 1)))) : 0.25;
    const offset = shape.length === 1 && initializer.kind === 'constant' && initializer.value === 1 ? 1 : 0;
    values[name] = raw.map((value) => value * factor + offset);
  });
  for (const [name, buffer] of module.namedBuffers()) values[name] = buffer.initialValues(0, 0);
  return values;
}

export function imagesOf({ shape, batch }: VisionGolden, stream: number) {
  return floats(fill(batch * shape[0] * shape[1] * shape[2], stream), [batch, ...shape]);
}

/** The twin of `targets` in vision.py. */
export function targetsOf(golden: VisionGolden, stream: number) {
  const { batch, classes } = golden;
  const [, height, width] = golden.shape;
  const int64 = (values: readonly number[], dims: readonly number[]) =>
    tensor(
      'int64',
      BigInt64Array.from(values, (value) => BigInt(value)),
      dims,
    );
  if (golden.output === 'classification') {
    return int64(
      Array.from({ length: batch }, (_, index) => (index * 7) % classes),
      [batch],
    );
  }
  const share = (value: number): number => (value + 1) / 2;
  if (golden.output === 'segmentation') {
    const ids = [...fill(batch * height * width, stream)].map((value) =>
      Math.floor(share(value) * Math.max(2, classes)),
    );
    if (golden.ignored)
      for (let image = 0; image < batch; image++) ids.fill(255, image * height * width, image * height * width + 3);
    return int64(ids, [batch, height, width]);
  }
  const raw = fill(batch * 15, stream);
  const boxes = Array.from({ length: batch * 3 }, (_, index) => {
    const [label = 0, x = 0, y = 0, w = 0, h = 0] = [0, 1, 2, 3, 4].map((column) =>
      share(raw[index * 5 + column] ?? 0),
    );
    const [left, top] = [x * width * 0.6, y * width * 0.6];
    return [Math.floor(label * classes), left, top, left + width * (0.1 + w * 0.3), top + width * (0.1 + h * 0.3)];
  });
  boxes[2] = [-1, 0, 0, 0, 0];
  return floats(boxes.flat(), [batch, 3, 5]);
}
