import type { OnnxAttribute, OnnxNode, OnnxTensor, OnnxValueInfo } from './model.ts';

/** A node of the standard operators with one output, by which it is called. */
export const node = (
  operator: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, OnnxAttribute>> = {},
): OnnxNode => ({ operator, domain: '', name: output, inputs, outputs: [output], attributes });

export const scalar = (name: string, dtype: OnnxValueInfo['dtype']): OnnxValueInfo => ({ name, dtype, shape: [] });

/** An int64 constant. */
export const integers = (
  name: string,
  values: readonly number[],
  dims: readonly number[] = [values.length],
): OnnxTensor => ({ name, dtype: 'int64', dims, data: BigInt64Array.from(values, BigInt) });
