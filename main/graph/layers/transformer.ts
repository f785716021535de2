import { add } from '../expression.ts';
import type { Tensor } from '../tensor.ts';
import { GELU, ReLU, SiLU } from './activation.ts';
import type { AttentionContext } from './attention.ts';
import { MultiHeadAttention } from './attention.ts';
import { Dropout } from './container.ts';
import { Linear } from './linear.ts';
import { Module } from './module.ts';
import { LayerNorm } from './normalization.ts';
import { RMSNorm } from './rms-norm.ts';
import type { Forwardable, Trace } from './trace.ts';
import { runAs } from './trace.ts';

export interface TransformerLayerOptions {
  readonly width: number;
  readonly heads: number;
  /** Units between the two linear layers. */
  readonly feedForward: number;
  readonly activation?: 'relu' | 'gelu' | 'silu';
  readonly dropout?: number;
  /** `pre`: before each part (Xiong et al. 2020); `post`: after each sum (Vaswani et al. 2017). Default `post`. */
  readonly order?: 'pre' | 'post';
  readonly normalization?: 'layer' | 'rms';
}

const activations = { relu: () => new ReLU(), gelu: () => new GELU(), silu: () => new SiLU() } as const;

export const transformerNorm = (width: number, kind: 'layer' | 'rms' = 'layer'): Module =>
  kind === 'rms' ? new RMSNorm(width) : new LayerNorm(width);

/** Records a part under its name while it is run with what it needs besides its input. */
const withContext = (module: MultiHeadAttention, context: AttentionContext): Forwardable =>
  runAs(module, (x, trace) => module.attend(x, trace, context));

abstract class TransformerLayer extends Module {
  readonly self_attn: MultiHeadAttention;
  readonly linear1: Linear;
  readonly linear2: Linear;
  protected readonly between: () => Module;
  readonly #dropout: Dropout;
  readonly #pre: boolean;

  constructor(options: TransformerLayerOptions) {
    super();
    const { width, heads, feedForward, activation = 'relu', dropout = 0 } = options;
    this.self_attn = new MultiHeadAttention(width, heads, { dropout });
    this.linear1 = new Linear(width, feedForward);
    this.linear2 = new Linear(feedForward, width);
    this.between = activations[activation];
    this.#dropout = new Dropout(dropout);
    this.#pre = options.order === 'pre';
  }

  /** x + part(norm(x)), or norm(x + part(x)). */
  protected around(
    x: Tensor,
    trace: Trace,
    [name, norm]: readonly [string, Module],
    part: (x: Tensor) => Tensor,
  ): Tensor {
    if (this.#pre) return add(x, this.#dropout.forward(part(trace.run(name, norm, x)), trace));
    return trace.run(name, norm, add(x, this.#dropout.forward(part(x), trace)));
  }

  protected attention(trace: Trace, context: AttentionContext): (x: Tensor) => Tensor {
    return (x) => trace.run('self_attn', withContext(this.self_attn, context), x);
  }

  protected feedForward(trace: Trace): (x: Tensor) => Tensor {
    return (x) => {
      const inner = this.between().forward(trace.run('linear1', this.linear1, x), trace);
      return trace.run('linear2', this.linear2, this.#dropout.forward(inner, trace));
    };
  }
}

/** Self-attention and a feed-forward network; parameters as in torch.nn.TransformerEncoderLayer. */
export class TransformerEncoderLayer extends TransformerLayer {
  readonly kind = 'TransformerEncoderLayer';
  readonly norm1: Module;
  readonly norm2: Module;

  constructor(options: TransformerLayerOptions) {
    super(options);
    this.norm1 = transformerNorm(options.width, options.normalization);
    this.norm2 = transformerNorm(options.width, options.normalization);
  }

  forward(x: Tensor, trace: Trace): Tensor {
    return this.attend(x, trace, {});
  }

  attend(x: Tensor, trace: Trace, context: AttentionContext): Tensor {
    const attended = this.around(x, trace, ['norm1', this.norm1], this.attention(trace, context));
    return this.around(attended, trace, ['norm2', this.norm2], this.feedForward(trace));
  }
}

/** Self-attention, attention to a memory, feed-forward network; parameters as in torch.nn.TransformerDecoderLayer. */
export class TransformerDecoderLayer extends TransformerLayer {
  readonly kind = 'TransformerDecoderLayer';
  readonly multihead_attn: MultiHeadAttention;
  readonly norm1: Module;
  readonly norm2: Module;
  readonly norm3: Module;

  constructor(options: TransformerLayerOptions) {
    super(options);
    const { width, heads, dropout = 0, normalization } = options;
    this.multihead_attn = new MultiHeadAttention(width, heads, { dropout });
    this.norm1 = transformerNorm(width, normalization);
    this.norm2 = transformerNorm(width, normalization);
    this.norm3 = transformerNorm(width, normalization);
  }

  forward(x: Tensor, trace: Trace): Tensor {
    return this.attend(x, trace, {}, { memory: x });
  }

  attend(x: Tensor, trace: Trace, own: AttentionContext, cross: AttentionContext): Tensor {
    const first = this.around(x, trace, ['norm1', this.norm1], this.attention(trace, own));
    const second = this.around(first, trace, ['norm2', this.norm2], (part) =>
      trace.run('multihead_attn', withContext(this.multihead_attn, cross), part),
    );
    return this.around(second, trace, ['norm3', this.norm3], this.feedForward(trace));
  }
}
