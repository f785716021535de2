import { gelu, relu, sigmoid, silu, tanh } from '../expression.ts';
import type { Tensor } from '../tensor.ts';
import { Module } from './module.ts';

export class ReLU extends Module {
  readonly kind = 'ReLU';

  forward(x: Tensor): Tensor {
    return relu(x);
  }
}

/** x·Φ(x), exact (not the tanh approximation). */
export class GELU extends Module {
  readonly kind = 'GELU';

  forward(x: Tensor): Tensor {
    return gelu(x);
  }
}

/** x·sigmoid(x), also called swish. */
export class SiLU extends Module {
  readonly kind = 'SiLU';

  forward(x: Tensor): Tensor {
    return silu(x);
  }
}

export class Sigmoid extends Module {
  readonly kind = 'Sigmoid';

  forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}

export class Tanh extends Module {
  readonly kind = 'Tanh';

  forward(x: Tensor): Tensor {
    return tanh(x);
  }
}
