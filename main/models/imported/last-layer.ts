import type { OnnxGraph, OnnxNode } from '../../graph/index.ts';

/** What may stand after a classifier's last layer and only turns its numbers into probabilities. */
const LIKELIHOODS = new Set(['Softmax', 'LogSoftmax', 'Identity']);
/** What may stand between the last layer with weights and the numbers of the classes. */
const AFTERWARDS = new Set([
  ...['Add', 'Identity', 'Dropout', 'Relu', 'Clip', 'HardSwish'],
  ...['Reshape', 'Flatten', 'Squeeze', 'GlobalAveragePool', 'AveragePool', 'ReduceMean'],
]);
const WEIGHTED = new Set(['Gemm', 'MatMul', 'Conv']);

export interface LastLayer {
  /** The numbers before any softmax. */
  readonly logits: string;
  /** What the last dense layer or convolution reads; undefined where there is none. */
  readonly features: string | undefined;
}

/** Looks back from an output of a file for its last layer with weights. */
export function lastLayer({ nodes, initializers }: OnnxGraph, output: string): LastLayer {
  const constants = new Set(initializers.map(({ name }) => name));
  const makerOf = (name: string): OnnxNode | undefined => nodes.find(({ outputs }) => outputs.includes(name));
  const sourceOf = ({ inputs }: OnnxNode): string => inputs.find((name) => !constants.has(name)) ?? '';
  let logits = output;
  for (let node = makerOf(logits); node && LIKELIHOODS.has(node.operator); node = makerOf(logits))
    logits = sourceOf(node);
  let node = makerOf(logits);
  while (node && AFTERWARDS.has(node.operator)) node = makerOf(sourceOf(node));
  if (!node || !WEIGHTED.has(node.operator)) return { logits, features: undefined };
  // Two tensors multiplied with each other, as in attention, are no layer.
  const weighted = node.operator !== 'MatMul' || node.inputs.some((name) => constants.has(name));
  return { logits, features: weighted ? sourceOf(node) : undefined };
}
