import { add, matmul, multiply, scale, softmax, transpose } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { Tensor } from '../tensor.ts';
import { Dropout } from './container.ts';
import { rotaryTables } from './embedding.ts';
import { affine, Linear } from './linear.ts';
import { Module } from './module.ts';
import { Parameter } from './parameter.ts';
import type { Trace } from './trace.ts';

/** What attention looks at besides its input. */
export interface AttentionContext {
  /** Where keys and values come from, [B, T, width]; the input itself by default. */
  readonly memory?: Tensor;
  /** Added to the scores [B, heads, L, T]: padding, for one. */
  readonly mask?: Tensor;
  /** Places of the queries, int64 [L]: nobody looks ahead of them. */
  readonly causal?: Tensor;
  /** Places of the queries by which queries and keys are turned. */
  readonly rotary?: { readonly positions: Tensor; readonly length: number };
  /** Name under which keys and values of earlier steps come in (`past.`) and go out again (`present.`). */
  readonly cache?: string;
}

export interface AttentionOptions {
  readonly dropout?: number;
  readonly bias?: boolean;
}

/** Multi-head attention (Vaswani et al. 2017); parameters as in torch.nn.MultiheadAttention. */
export class MultiHeadAttention extends Module {
  readonly kind = 'MultiHeadAttention';
  readonly in_proj_weight: Parameter;
  readonly in_proj_bias: Parameter | undefined;
  readonly out_proj: Linear;
  readonly heads: number;
  readonly width: number;
  readonly #dropout: Dropout;

  constructor(width: number, heads: number, options: AttentionOptions = {}) {
    super();
    if (width % heads !== 0) {
      throw new GraphError('invalid-argument', `A width of ${width} does not divide among ${heads} heads.`);
    }
    const bias = options.bias ?? true;
    this.width = width;
    this.heads = heads;
    // Xavier, as PyTorch starts it.
    this.in_proj_weight = new Parameter([3 * width, width], { kind: 'uniform', bound: Math.sqrt(6 / (4 * width)) });
    this.in_proj_bias = bias ? new Parameter([3 * width], { kind: 'constant', value: 0 }) : undefined;
    this.out_proj = new Linear(width, width, { bias });
    this.#dropout = new Dropout(options.dropout ?? 0);
  }

  /** Self-attention without masks. */
  forward(x: Tensor, trace: Trace): Tensor {
    return this.attend(x, trace, {});
  }

  attend(x: Tensor, trace: Trace, context: AttentionContext): Tensor {
    let [q, k, v] = this.#project(x, trace, context.memory);
    if (context.rotary) {
      const { positions, length } = context.rotary;
      [q, k] = [q, k].map((part) => rotate(part, positions, length)) as [Tensor, Tensor];
    }
    if (context.cache) {
      const { cache } = context;
      [k, v] = (['key', 'value'] as const).map((name, index) => {
        const all = x.graph.apply('AppendSteps', [trace.input(`past.${cache}.${name}`), index === 0 ? k : v]);
        trace.emit(`present.${cache}.${name}`, all);
        return all;
      }) as [Tensor, Tensor];
    }
    let scores = scale(matmul(q, transpose(k, [0, 1, 3, 2])), 1 / Math.sqrt(this.width / this.heads));
    if (context.causal) scores = add(scores, x.graph.apply('CausalMask', [context.causal, k]));
    if (context.mask) scores = add(scores, context.mask);
    const weights = this.#dropout.forward(softmax(scores), trace);
    const joined = x.graph.apply('JoinHeads', [matmul(weights, v)]);
    return trace.run('out_proj', this.out_proj, joined);
  }

  override describe(): string {
    return `${this.heads} heads of ${this.width / this.heads}`;
  }

  #project(x: Tensor, trace: Trace, memory: Tensor | undefined): [Tensor, Tensor, Tensor] {
    const weight = trace.tensor(this.in_proj_weight);
    const bias = this.in_proj_bias && trace.tensor(this.in_proj_bias);
    const { graph } = x;
    const heads = (tensor: Tensor, parts: number): readonly Tensor[] =>
      graph.applyAll('SplitHeads', [tensor], { parts, heads: this.heads });
    if (!memory) return heads(affine(x, weight, bias), 3) as unknown as [Tensor, Tensor, Tensor];
    const rows = (tensor: Tensor, start: number, size: number): Tensor =>
      graph.apply('Slice', [tensor], { axis: 0, start, size });
    const part = (input: Tensor, start: number, size: number): Tensor =>
      affine(input, rows(weight, start, size), bias && rows(bias, start, size));
    const queries = heads(part(x, 0, this.width), 1);
    const others = heads(part(memory, this.width, 2 * this.width), 2);
    return [...queries, ...others] as unknown as [Tensor, Tensor, Tensor];
  }
}

/** Queries or keys [B, heads, L, F] turned by their places. */
function rotate(x: Tensor, positions: Tensor, length: number): Tensor {
  const width = Number(x.shape[3]);
  const { cosine, sine } = rotaryTables(length, width);
  const table = (data: Float32Array): Tensor =>
    x.graph.apply('Embedding', [x.graph.constant('float32', [length, width / 2], data), positions], { padding: -1 });
  return x.graph.apply('Rotary', [x, table(cosine), table(sine)], { inverse: false });
}

/** Scores of padding keys: int64 ids [B, T] → [B, 1, 1, T], very negative where the id is that of padding. */
export function paddingMask(ids: Tensor, padding: number, masked: number): Tensor {
  const [batch = 1, length = 1] = ids.shape;
  const isPadding = ids.graph.apply('EqualsId', [ids], { id: padding });
  const row = ids.graph.apply('Reshape', [isPadding], { shape: [batch, 1, 1, length] });
  return multiply(row, ids.graph.scalar(masked));
}
