import type { Model } from '../../../main/models/index.ts';
import { buildModel } from '../../../main/models/index.ts';

export interface Workload {
  readonly name: string;
  readonly batch: number;
  /** Steps per run of our training graph: as many as last about a tenth of a second, see `manySteps`. */
  readonly stepsPerRun: number;
  readonly model: Model;
}

const digits = { kind: 'classification', classes: 10 } as const;

/** The same networks as WORKLOADS in peer.py. */
export const workloads: readonly Workload[] = [
  {
    name: 'mlp',
    batch: 64,
    stepsPerRun: 32,
    model: buildModel({ kind: 'mlp', hidden: [512, 256] }, { kind: 'table', features: 784 }, digits),
  },
  {
    name: 'cnn',
    batch: 64,
    stepsPerRun: 8,
    model: buildModel(
      { kind: 'cnn', channels: [32, 64], poolAfter: [2], hidden: [128] },
      { kind: 'image', channels: 1, height: 28, width: 28 },
      digits,
    ),
  },
];
