import type { Initialization, Module } from '../graph/index.ts';
import {
  AdaptiveAvgPool2d,
  AvgPool2d,
  BatchNorm2d,
  Conv2d,
  ConvTranspose2d,
  Dropout,
  ELU,
  Flatten,
  GELU,
  GlobalAvgPool,
  GraphError,
  GroupNorm,
  HardSwish,
  LayerNorm,
  LeakyReLU,
  Linear,
  MaxPool2d,
  ReLU,
  ReLU6,
  Residual,
  Sequential,
  Sigmoid,
  SiLU,
  SqueezeExcitation,
  StochasticDepth,
  summarize,
  Tanh,
  Upsample,
} from '../graph/index.ts';
import type { ActivationName, LayerSpec } from './specification.ts';
import { groupsOf } from './vision/convolution-block.ts';

const activations: Readonly<Record<ActivationName, () => Module>> = {
  relu: () => new ReLU(),
  gelu: () => new GELU(),
  silu: () => new SiLU(),
  tanh: () => new Tanh(),
  sigmoid: () => new Sigmoid(),
  relu6: () => new ReLU6(),
  hard_swish: () => new HardSwish(),
  leaky_relu: () => new LeakyReLU(),
  elu: () => new ELU(),
};

export const activationModule = (name: ActivationName): Module => activations[name]();

/** What a builder knows: the shape of one sample so far, and how weights start. */
interface Place {
  readonly shape: readonly number[];
  readonly initialization: Initialization;
}

type Builders = {
  readonly [Kind in LayerSpec['kind']]: (spec: Extract<LayerSpec, { kind: Kind }>, place: Place) => Module;
};

const image = (place: Place): number => {
  if (place.shape.length !== 3) {
    throw new GraphError('shape-mismatch', `An image layer cannot follow an output of shape [${place.shape}].`);
  }
  return place.shape[0] ?? 0;
};

const builders: Builders = {
  linear: ({ units, bias }, { shape, initialization }) =>
    new Linear(shape.at(-1) ?? 0, units, { bias: bias ?? true, initialization }),
  conv2d: (spec, place) => {
    const { channels, kernel, stride = 1, groups = 1, bias = true } = spec;
    const padding = spec.padding === 'same' ? Math.floor(kernel / 2) : (spec.padding ?? 0);
    const options = { stride, padding, groups, bias, initialization: place.initialization };
    return new Conv2d(image(place), channels, kernel, options);
  },
  max_pool: ({ kernel, stride, padding }) => new MaxPool2d(kernel, { stride: stride ?? kernel, padding: padding ?? 0 }),
  avg_pool: ({ kernel, stride, padding }) => new AvgPool2d(kernel, { stride: stride ?? kernel, padding: padding ?? 0 }),
  global_avg_pool: () => new GlobalAvgPool(),
  adaptive_avg_pool: ({ size }) => new AdaptiveAvgPool2d(size),
  conv_transpose2d: (spec, place) => {
    const { channels, kernel, stride = 1, padding = 0, outputPadding = 0, bias = true } = spec;
    const options = { stride, padding, outputPadding, bias, initialization: place.initialization };
    return new ConvTranspose2d(image(place), channels, kernel, options);
  },
  upsample: ({ factor, mode }) => new Upsample(factor, mode),
  group_norm: ({ groups }, { shape }) => new GroupNorm(groups ?? groupsOf(shape[0] ?? 1), shape[0] ?? 1),
  squeeze_excitation: ({ reduction, gate }, place) => {
    const channels = image(place);
    return new SqueezeExcitation(channels, Math.max(1, Math.floor(channels / reduction)), gate ? { gate } : {});
  },
  stochastic_depth: ({ probability }) => new StochasticDepth(probability),
  batch_norm: (_, { shape }) => new BatchNorm2d(shape[0] ?? 0),
  layer_norm: (_, { shape }) => new LayerNorm(shape),
  dropout: ({ probability }) => new Dropout(probability),
  flatten: () => new Flatten(),
  ...activations,
  residual: ({ layers, shortcut, relu }, place) => {
    const body = buildLayers(layers, place.shape, place.initialization);
    const side = shortcut && buildLayers(shortcut, place.shape, place.initialization).module;
    return new Residual(body.module, { ...(side ? { shortcut: side } : {}), relu: relu ?? false });
  },
};

/** Builds layers one by one, each for the shape its predecessor leaves. */
export function buildLayers(
  specs: readonly LayerSpec[],
  inputShape: readonly number[],
  initialization: Initialization,
): { readonly module: Sequential; readonly outputShape: readonly number[] } {
  const modules: Module[] = [];
  let shape = inputShape;
  for (const spec of specs) {
    const build = builders[spec.kind] as ((spec: LayerSpec, place: Place) => Module) | undefined;
    if (!build) throw new GraphError('invalid-argument', `There is no layer named ${String(spec.kind)}.`);
    const module = build(spec, { shape, initialization });
    modules.push(module);
    shape = summarize({ module, inputShape: shape }).outputShape.slice(1).map(Number);
  }
  return { module: new Sequential(modules), outputShape: shape };
}
