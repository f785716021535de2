import type { Tensor, TensorSpec } from '../../graph/index.ts';
import { BATCH, GraphError, gatherRows } from '../../graph/index.ts';
import type { OutputSignature } from '../specification.ts';

/** What a conditional model is to draw: int64 [N], the class of each image; −1 where there is none. */
export const CLASS_INPUT: TensorSpec = { name: 'label', dtype: 'int64', shape: [BATCH] };

/**
 * How many classes a model is told of; 0 for one that draws whatever it saw.
 * @throws GraphError if it is to be told classes and there are none
 */
export function classesOf(
  { conditional = false }: { readonly conditional?: boolean },
  output: OutputSignature,
): number {
  if (!conditional) return 0;
  const classes = output.kind === 'image' ? (output.classes ?? 0) : 0;
  if (classes > 0) return classes;
  throw new GraphError('invalid-argument', 'A conditional model is told classes, and the images have none.');
}

/** [N] → [N, classes], one in the column of the class; zeros where there is none. */
export function classColumns(label: Tensor, classes: number): Tensor {
  const { graph } = label;
  const table = new Float32Array((classes + 1) * classes);
  for (let index = 0; index < classes; index++) table[(index + 1) * classes + index] = 1;
  const place = graph.apply('Add', [label, graph.constant('int64', [], BigInt64Array.of(1n))]);
  return gatherRows(graph.constant('float32', [classes + 1, classes], table), place);
}

/** [N, features] → [N, features + columns]. */
export const joined = (x: Tensor, columns: Tensor | null): Tensor =>
  columns === null ? x : x.graph.apply('Concat', [x, columns], { axis: 1 });
