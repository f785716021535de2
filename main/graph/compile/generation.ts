import { BATCH } from '../dimension.ts';
import { softmax } from '../expression.ts';
import type { Module } from '../layers/module.ts';
import type { Target } from '../lowering/target.ts';
import { STANDARD } from '../lowering/target.ts';
import { assemble } from './assemble.ts';
import type { CompiledGraph, ParameterValues, TensorSpec } from './model.ts';
import { bindConstants, createGraph, traceModel } from './model.ts';

/** A language model whose attention layers read and write the keys and values of earlier tokens. */
export interface GenerationModel {
  readonly module: Module;
  /** Names of its attention layers in the cache. */
  readonly layers: readonly string[];
  readonly heads: number;
  readonly headWidth: number;
}

export interface GenerationOptions {
  readonly parameters: ParameterValues;
  readonly target?: Target;
}

export interface GenerationGraph extends CompiledGraph {
  /** Inputs `past.…` and the outputs `present.…` that take their place for the next tokens. */
  readonly cache: readonly { readonly past: string; readonly present: string; readonly shape: readonly number[] }[];
}

/**
 * One graph for the prompt and for each token after it: `x` int64 [batch, length] (new tokens only) and per layer
 * `past.<layer>.key` and `.value` [batch, heads, past, headWidth] → `output` and `probabilities` [batch, length, vocabulary]
 * and `present.<layer>.key` and `.value`. Before the first token `past` has length 0.
 */
export function compileGeneration(model: GenerationModel, options: GenerationOptions): GenerationGraph {
  const graph = createGraph();
  const x = graph.input('x', 'int64', [BATCH, 'length']);
  const names = model.layers.flatMap((layer) => [`${layer}.key`, `${layer}.value`]);
  const moreInputs = names.map((name): TensorSpec => {
    return { name: `past.${name}`, dtype: 'float32', shape: [BATCH, model.heads, 'past', model.headWidth] };
  });
  const trace = traceModel(
    graph,
    { module: model.module, inputShape: [], moreInputs },
    { training: false, bind: bindConstants(graph, options.parameters) },
  );
  const output = model.module.forward(x, trace);
  const outputs = [
    { name: 'output', tensor: output },
    { name: 'probabilities', tensor: softmax(output) },
    ...[...trace.emitted].map(([name, tensor]) => ({ name, tensor })),
  ];
  const compiled = assemble(graph, outputs, options.target ?? STANDARD, 'generation');
  const shape = [1, model.heads, 0, model.headWidth];
  return { ...compiled, cache: names.map((name) => ({ past: `past.${name}`, present: `present.${name}`, shape })) };
}
