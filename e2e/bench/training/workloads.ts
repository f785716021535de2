import type { Model } from '../../../main/models/index.ts';
import { buildModel } from '../../../main/models/index.ts';

export interface Workload {
  readonly name: string;
  readonly batch: number;
  readonly model: Model;
}

const digits = { kind: 'classification', classes: 10 } as const;

/** The same networks as WORKLOADS in peer.py. */
export const workloads: readonly Workload[] = [
  {
    name: 'mlp',
    batch: 64,
    model: buildModel({ kind: 'mlp', hidden: [512, 256] }, { kind: 'table', features: 784 }, digits),
  },
  {
    name: 'cnn',
    batch: 64,
    model: buildModel(
      { kind: 'cnn', channels: [32, 64], poolAfter: [2], hidden: [128] },
      { kind: 'image', channels: 1, height: 28, width: 28 },
      digits,
    ),
  },
];
