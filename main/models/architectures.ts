import { GraphError } from '../graph/index.ts';
import type { LayeredSpec, LayerSpec } from './specification.ts';
import { mobileNetLayers } from './vision/mobilenet.ts';
import { residualNetworkLayers } from './vision/residual-network.ts';

type Architectures = {
  readonly [Kind in LayeredSpec['kind']]: (
    spec: Extract<LayeredSpec, { kind: Kind }>,
    inputRank: number,
  ) => readonly LayerSpec[];
};

/** Each architecture as a list of layers, without the final linear layer. */
const architectures: Architectures = {
  mlp: ({ hidden, activation = 'relu', dropout = 0, normalization = 'none' }, inputRank) => [
    ...flatten(inputRank),
    ...hidden.flatMap((units) => [
      { kind: 'linear', units } as const,
      ...normalize(normalization),
      { kind: activation },
      ...drop(dropout),
    ]),
  ],
  cnn: (spec) => {
    const { channels, kernel = 3, padding = 0, hidden = [], activation = 'relu', dropout = 0 } = spec;
    const last = channels.length;
    const defaults = channels.map((_, index) => index + 1).filter((place) => place % 2 === 0 || place === last);
    const poolAfter = spec.poolAfter ?? defaults;
    return [
      ...channels.flatMap((count, index): readonly LayerSpec[] => [
        { kind: 'conv2d', channels: count, kernel, padding, bias: spec.normalization !== 'batch' },
        ...normalize(spec.normalization ?? 'none'),
        { kind: activation },
        ...(poolAfter.includes(index + 1) ? [{ kind: 'max_pool', kernel: 2 } as const] : []),
      ]),
      { kind: 'flatten' },
      ...hidden.flatMap((units) => [{ kind: 'linear', units } as const, { kind: activation }, ...drop(dropout)]),
    ];
  },
  resnet: residualNetworkLayers,
  mobilenet_v2: mobileNetLayers,
  sequential: ({ layers }) => layers,
};

export function architectureLayers(spec: LayeredSpec, inputRank: number): readonly LayerSpec[] {
  const build = architectures[spec.kind] as
    | ((spec: LayeredSpec, inputRank: number) => readonly LayerSpec[])
    | undefined;
  if (!build) throw new GraphError('invalid-argument', `There is no architecture named ${String(spec.kind)}.`);
  return build(spec, inputRank);
}

const flatten = (inputRank: number): readonly LayerSpec[] => (inputRank > 1 ? [{ kind: 'flatten' }] : []);

const drop = (probability: number): readonly LayerSpec[] => (probability > 0 ? [{ kind: 'dropout', probability }] : []);

function normalize(kind: 'none' | 'batch' | 'layer'): readonly LayerSpec[] {
  if (kind === 'none') return [];
  return [{ kind: kind === 'batch' ? 'batch_norm' : 'layer_norm' }];
}
