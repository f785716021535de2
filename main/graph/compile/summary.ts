import type { Shape } from '../dimension.ts';
import { elementCount } from '../dimension.ts';
import type { DataFlow } from './data-flow.ts';
import { dataFlow } from './data-flow.ts';
import type { CompilableModel } from './model.ts';
import { bindInputs, createGraph, modelInput, traceModel } from './model.ts';

export interface LayerSummary {
  readonly name: string;
  readonly kind: string;
  readonly description: string;
  readonly depth: number;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly parameterCount: number;
  readonly flops: number;
}

export interface ModelSummary {
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly layers: readonly LayerSummary[];
  readonly parameterCount: number;
  /** Floating-point operations of one forward pass of one sample; a multiply-add is two. */
  readonly flops: number;
  /** Its nodes name places in `layers`. */
  readonly flow: DataFlow;
}

/** What the architecture is, layer by layer, for previews. @throws GraphError where shapes do not fit. */
export function summarize(model: CompilableModel): ModelSummary {
  const graph = createGraph();
  const x = modelInput(graph, model);
  const trace = traceModel(graph, model, { training: false, bind: bindInputs(graph), separateOutputs: true });
  const inputs = [...graph.inputs];
  const output = trace.run('model', model.module, x);
  const [root, ...rest] = trace.layers;
  const parameterCount = model.module
    .namedParameters()
    .reduce((sum, [, parameter]) => sum + elementCount(parameter.shape), 0);
  const strip = (name: string): string => name.replace(/^model\./, '');
  return {
    inputShape: x.shape,
    outputShape: output.shape,
    layers: rest.map(({ output: _output, nodes: _nodes, ...layer }) => ({
      ...layer,
      name: strip(layer.name),
      depth: layer.depth - 1,
    })),
    parameterCount,
    flops: root?.flops ?? 0,
    flow: dataFlow(graph, trace.layers, inputs, output),
  };
}
