import { GraphError } from '../../graph/index.ts';
import type { LayerSpec } from '../specification.ts';
import type { ResidualNetworkSpec } from './specification.ts';

/** How much wider the output of a bottleneck block is than its 3 x 3 convolution. */
const EXPANSION = 4;

export function residualNetworkLayers(spec: ResidualNetworkSpec): readonly LayerSpec[] {
  const { channels, block = 'basic', stem = 'small', normalization = 'batch', stochasticDepth = 0 } = spec;
  const [first] = channels;
  if (first === undefined) throw new GraphError('invalid-argument', 'A resnet needs at least one stage.');
  const counts = blockCounts(spec);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const expansion = block === 'basic' ? 1 : EXPANSION;
  const bias = normalization === 'none';
  const convolution = (count: number, kernel: number, stride: number): readonly LayerSpec[] => [
    { kind: 'conv2d', channels: count, kernel, stride, padding: Math.floor(kernel / 2), bias },
    ...normalized(normalization),
  ];
  let place = 0;
  let incoming = first;
  const blocks = channels.flatMap((count, stage) =>
    Array.from({ length: counts[stage] ?? 0 }, (_, index): LayerSpec => {
      const stride = stage > 0 && index === 0 ? 2 : 1;
      const outgoing = count * expansion;
      const grows = stride !== 1 || outgoing !== incoming;
      incoming = outgoing;
      const drop = (stochasticDepth * ++place) / total;
      const body: readonly LayerSpec[] =
        block === 'basic'
          ? [...convolution(count, 3, stride), { kind: 'relu' }, ...convolution(count, 3, 1)]
          : [
              ...convolution(count, 1, 1),
              { kind: 'relu' },
              ...convolution(count, 3, stride),
              { kind: 'relu' },
              ...convolution(outgoing, 1, 1),
            ];
      const layers: readonly LayerSpec[] = [
        ...body,
        ...(spec.squeezeReduction ? [{ kind: 'squeeze_excitation', reduction: spec.squeezeReduction } as const] : []),
        ...(drop > 0 ? [{ kind: 'stochastic_depth', probability: drop } as const] : []),
      ];
      return { kind: 'residual', layers, relu: true, ...(grows ? { shortcut: convolution(outgoing, 1, stride) } : {}) };
    }),
  );
  const head: readonly LayerSpec[] =
    stem === 'small'
      ? [...convolution(first, 3, 1), { kind: 'relu' }]
      : [...convolution(first, 7, 2), { kind: 'relu' }, { kind: 'max_pool', kernel: 3, stride: 2, padding: 1 }];
  return [...head, ...blocks, { kind: 'global_avg_pool' }];
}

function blockCounts({ channels, blocksPerStage = 1 }: ResidualNetworkSpec): readonly number[] {
  if (typeof blocksPerStage === 'number') return channels.map(() => blocksPerStage);
  if (blocksPerStage.length !== channels.length) {
    throw new GraphError(
      'invalid-argument',
      `A resnet of ${channels.length} stages cannot have blocks for ${blocksPerStage.length}.`,
    );
  }
  return blocksPerStage;
}

function normalized(kind: 'none' | 'batch' | 'group'): readonly LayerSpec[] {
  if (kind === 'none') return [];
  return [kind === 'batch' ? { kind: 'batch_norm' } : { kind: 'group_norm' }];
}
