import type { Lowering } from './lowering/lowering.ts';
import type { Provider } from './lowering/target.ts';
import type { Attributes, Node, Tensor, TensorType } from './tensor.ts';

export interface GradientCall {
  readonly node: Node;
  /** One per output of the node; undefined where nothing flows back. */
  readonly gradients: readonly (Tensor | undefined)[];
  /** One per input: whether its gradient is wanted at all. */
  readonly needs: readonly boolean[];
}

/** Returns one gradient per input (undefined: none), built from rows of the same table. */
export type GradientRule = (call: GradientCall) => readonly (Tensor | undefined)[];

/** Writes the ONNX nodes of one operator application and defines its outputs. */
export type LoweringRule = (lowering: Lowering, node: Node) => void;

export type TypeRule = (inputs: readonly (TensorType | undefined)[], attributes: Attributes) => readonly TensorType[];

/** One row of the operator table. A new operator, or a provider for an old one, is an entry here and nowhere else. */
export interface Operator {
  readonly inferTypes: TypeRule;
  /**
   * `standard` is what leaves the machine; other providers fall back to it. `native` is taken on a CPU whose sessions know
   * the operators of the addon, before that of the provider.
   */
  readonly lower: { readonly standard: LoweringRule } & Partial<Readonly<Record<Provider | 'native', LoweringRule>>>;
  /** `none`: a constant as far as derivatives go. Absent: asking for its gradient is an error. */
  readonly gradient?: GradientRule | 'none';
  /** Floating-point operations (a multiply-add is two) for a batch of one; elementwise work counts as nothing. */
  readonly flops?: (node: Node) => number;
}

export type OperatorTable = Readonly<Record<string, Operator>>;
