import type { CompilableModel } from '../../../main/graph/index.ts';
import { buildModel } from '../../../main/models/index.ts';

const digits = { kind: 'classification', classes: 10 } as const;
const image = (channels: number, size: number) => ({ kind: 'image', channels, height: size, width: size }) as const;

/** Models whose training step is measured against its estimate. */
export const cases: Readonly<Record<string, CompilableModel>> = {
  mlp: buildModel({ kind: 'mlp', hidden: [512, 256] }, { kind: 'table', features: 784 }, digits),
  cnn: buildModel({ kind: 'cnn', channels: [32, 64], poolAfter: [2], hidden: [128] }, image(1, 28), digits),
  'cnn-batchnorm': buildModel(
    { kind: 'cnn', channels: [32, 64], poolAfter: [2], hidden: [128], normalization: 'batch' },
    image(1, 28),
    digits,
  ),
  'resnet8-batchnorm': buildModel(
    { kind: 'resnet', channels: [16, 32, 64], blocksPerStage: 1, normalization: 'batch' },
    image(3, 32),
    digits,
  ),
  lstm: buildModel(
    { kind: 'recurrent', cell: 'lstm', hidden: 128 },
    { kind: 'series', length: 64, features: 64 },
    digits,
  ),
  transformer: buildModel(
    { kind: 'transformer_encoder', width: 128, heads: 4, layers: 4 },
    { kind: 'tokens', length: 64, vocabulary: 1000 },
    digits,
  ),
};
