import { multiply } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { Tensor } from '../tensor.ts';
import { Module } from './module.ts';
import type { Trace } from './trace.ts';

/**
 * At the end of a residual branch: drops the branch of whole samples while training and scales the rest up by 1 / (1 − p)
 * (Huang et al. 2016).
 */
export class StochasticDepth extends Module {
  readonly kind = 'StochasticDepth';
  readonly probability: number;

  constructor(probability: number) {
    super();
    if (!(probability >= 0 && probability < 1)) {
      throw new GraphError('invalid-argument', `A drop probability lies in [0, 1), not at ${probability}.`);
    }
    this.probability = probability;
  }

  forward(x: Tensor, trace: Trace): Tensor {
    if (!trace.training || this.probability === 0) return x;
    return multiply(x, x.graph.apply('SampleMask', [x, trace.randomKey()], { probability: this.probability }));
  }

  override describe(): string {
    return `p = ${this.probability}`;
  }
}
