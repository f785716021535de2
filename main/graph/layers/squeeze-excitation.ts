import { relu, sigmoid } from '../expression.ts';
import type { Tensor } from '../tensor.ts';
import { Conv2d } from './convolution.ts';
import { Module } from './module.ts';
import type { Trace } from './trace.ts';

export interface SqueezeExcitationOptions {
  /** Default `sigmoid`; `hard_sigmoid` as in MobileNetV3. */
  readonly gate?: 'sigmoid' | 'hard_sigmoid';
}

/** Weighs the channels of each image by what they hold on average (Hu et al. 2018); names as in torchvision. */
export class SqueezeExcitation extends Module {
  readonly kind = 'SqueezeExcitation';
  readonly fc1: Conv2d;
  readonly fc2: Conv2d;
  readonly #gate: 'sigmoid' | 'hard_sigmoid';

  constructor(channels: number, squeezedChannels: number, options: SqueezeExcitationOptions = {}) {
    super();
    this.fc1 = new Conv2d(channels, squeezedChannels, 1);
    this.fc2 = new Conv2d(squeezedChannels, channels, 1);
    this.#gate = options.gate ?? 'sigmoid';
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const squeezed = relu(trace.run('fc1', this.fc1, trace.graph.apply('GlobalAveragePool', [x])));
    const excited = trace.run('fc2', this.fc2, squeezed);
    const gate = this.#gate === 'sigmoid' ? sigmoid(excited) : trace.graph.apply('HardSigmoid', [excited]);
    return trace.graph.apply('ChannelScale', [x, gate]);
  }

  override describe(): string {
    return `${this.fc1.weight.shape[1]} channels through ${this.fc1.weight.shape[0]}`;
  }
}
