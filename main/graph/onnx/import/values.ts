import type { Dimension } from '../../dimension.ts';
import { GraphError } from '../../graph-error.ts';
import type { Tensor } from '../../tensor.ts';
import type { OnnxAttribute, OnnxNode, OnnxTensor } from '../model.ts';

/**
 * What a name of an ONNX graph stands for while it is read: a tensor of ours, numbers known from the file, or a list of
 * sizes that the file computes from shapes (`sizes`), where a symbol such as `batch` may stand.
 */
export type ImportedValue =
  | { readonly kind: 'tensor'; readonly tensor: Tensor }
  | { readonly kind: 'constant'; readonly constant: OnnxTensor }
  | { readonly kind: 'sizes'; readonly sizes: readonly Dimension[] };

/** One node of the file with its inputs looked up; what rules are written in. */
export interface ImportCall {
  readonly node: OnnxNode;
  /** The inputs as tensors. @throws GraphError if there is no such input */
  readonly tensor: (index: number) => Tensor;
  readonly optional: (index: number) => Tensor | undefined;
  readonly value: (index: number) => ImportedValue | undefined;
  /** Integers from an attribute (old opsets) or a constant input (new ones). */
  readonly integers: (attribute: string, inputIndex: number) => readonly number[] | undefined;
  readonly integer: (attribute: string, fallback: number) => number;
  readonly float: (attribute: string, fallback: number) => number;
  readonly text: (attribute: string, fallback: string) => string;
  readonly opset: number;
}

export function refuse(node: OnnxNode, why: string): never {
  throw new GraphError('unsupported', `${node.operator} ${node.name || node.outputs[0]}: ${why}.`);
}

export function attributeInteger(node: OnnxNode, name: string): number | undefined {
  const attribute = node.attributes[name];
  return attribute?.kind === 'int' ? attribute.value : undefined;
}

export const attributeIntegers = (attribute: OnnxAttribute | undefined): readonly number[] | undefined =>
  attribute?.kind === 'ints' ? attribute.value : undefined;

/** Integers of a constant; undefined for other element types. */
export function constantIntegers({ dtype, data }: OnnxTensor): readonly number[] | undefined {
  return dtype === 'int64' || dtype === 'int32' ? Array.from(data as Iterable<number | bigint>, Number) : undefined;
}
