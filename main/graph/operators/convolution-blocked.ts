import type { Lowering } from '../lowering/lowering.ts';
import type { Node } from '../tensor.ts';

/** Lowerings to ONNX Runtime's NCHWc operators. Each returns false where the shapes do not fit, and writes nothing. */

export function convolutionBlocked(_lowering: Lowering, _node: Node): boolean {
  return false;
}

export function inputGradientBlocked(_lowering: Lowering, _node: Node): boolean {
  return false;
}

export function weightGradientBlocked(_lowering: Lowering, _node: Node): boolean {
  return false;
}
