import { GraphError } from '../graph-error.ts';
import type { Tensor } from '../tensor.ts';
import { Module } from './module.ts';
import { Parameter } from './parameter.ts';
import type { Trace } from './trace.ts';

/**
 * Normalises groups of channels of each image by themselves (Wu & He 2018), so that batches of any size train alike. With
 * as many groups as channels it is instance normalisation with weights.
 */
export class GroupNorm extends Module {
  readonly kind = 'GroupNorm';
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly #attributes: { readonly groups: number; readonly epsilon: number };

  constructor(groups: number, channels: number, options: { readonly epsilon?: number } = {}) {
    super();
    if (channels % groups !== 0) {
      throw new GraphError('invalid-argument', `${channels} channels do not form ${groups} groups.`);
    }
    this.weight = new Parameter([channels], { kind: 'constant', value: 1 });
    this.bias = new Parameter([channels], { kind: 'constant', value: 0 });
    this.#attributes = { groups, epsilon: options.epsilon ?? 1e-5 };
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const inputs = [x, trace.tensor(this.weight), trace.tensor(this.bias)];
    return x.graph.apply('GroupNorm', inputs, this.#attributes);
  }

  override describe(): string {
    return `${this.weight.shape[0]} channels in ${this.#attributes.groups} groups`;
  }
}
