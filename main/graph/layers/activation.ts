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

/** min(max(x, 0), 6). */
export class ReLU6 extends Module {
  readonly kind = 'ReLU6';

  forward(x: Tensor): Tensor {
    return x.graph.apply('Clip', [x], { minimum: 0, maximum: 6 });
  }
}

/** x·min(max(x + 3, 0), 6) / 6. */
export class HardSwish extends Module {
  readonly kind = 'HardSwish';

  forward(x: Tensor): Tensor {
    return x.graph.apply('HardSwish', [x]);
  }
}

/** x, or a small share of it below zero. */
export class LeakyReLU extends Module {
  readonly kind = 'LeakyReLU';
  readonly slope: number;

  constructor(slope = 0.01) {
    super();
    this.slope = slope;
  }

  forward(x: Tensor): Tensor {
    return x.graph.apply('LeakyRelu', [x], { slope: this.slope });
  }
}

/** x, or alpha·(eˣ − 1) below zero. */
export class ELU extends Module {
  readonly kind = 'ELU';
  readonly alpha: number;

  constructor(alpha = 1) {
    super();
    this.alpha = alpha;
  }

  forward(x: Tensor): Tensor {
    return x.graph.apply('Elu', [x], { alpha: this.alpha });
  }
}
