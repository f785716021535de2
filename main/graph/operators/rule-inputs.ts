import { GraphError } from '../graph-error.ts';
import type { Attributes, Node, Tensor } from '../tensor.ts';

/** Unwraps something a rule cannot do without. */
export function need<T>(value: T | undefined): T {
  if (value === undefined) throw new GraphError('invalid-argument', 'An operator lacks a required input.');
  return value;
}

export const inputOf = (node: Node, index: number): Tensor => need(node.inputs[index]);

export const outputOf = (node: Node, index = 0): Tensor => need(node.outputs[index]);

/** A list of fixed integers among the attributes. */
export function integersOf(attributes: Attributes, name: string): readonly number[] {
  const value = attributes[name];
  if (!Array.isArray(value)) throw new GraphError('invalid-argument', `The attribute ${name} should be a list.`);
  return value.map(Number);
}

export function numberOf(attributes: Attributes, name: string): number {
  const value = attributes[name];
  if (typeof value !== 'number') throw new GraphError('invalid-argument', `The attribute ${name} should be a number.`);
  return value;
}
