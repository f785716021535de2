import { constantsAsInitializers, decodeModel, isImportable } from '../../graph/index.ts';
import { lastLayer } from './last-layer.ts';

/** What can be said of an ONNX file before anything is done with it. */
export interface OnnxInspection {
  readonly producer: string;
  readonly inputs: readonly {
    readonly name: string;
    readonly dtype: string;
    readonly shape: readonly (number | string)[];
  }[];
  readonly outputs: readonly {
    readonly name: string;
    readonly dtype: string;
    readonly shape: readonly (number | string)[];
  }[];
  /** Most frequent first; `known` says whether the compiler can read it. */
  readonly operators: readonly { readonly name: string; readonly count: number; readonly known: boolean }[];
  readonly weights: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** Numbers in all weights. */
  readonly parameters: number;
  /** What a new head would read; null where the last layer was not found and it reads the output. */
  readonly features: string | null;
}

/** @throws GraphError `malformed-onnx` */
export function inspectOnnx(onnx: Uint8Array): OnnxInspection {
  const { producer, graph } = constantsAsInitializers(decodeModel(onnx));
  const counts = new Map<string, { count: number; known: boolean }>();
  for (const node of graph.nodes) {
    const name = node.domain === '' ? node.operator : `${node.domain}.${node.operator}`;
    const entry = counts.get(name) ?? { count: 0, known: isImportable(node) };
    counts.set(name, { ...entry, count: entry.count + 1 });
  }
  const constants = new Set(graph.initializers.map(({ name }) => name));
  const weights = graph.initializers
    .filter(({ dtype, data }) => dtype === 'float32' && data.length > 1)
    .map(({ name, dims }) => ({ name, shape: dims }));
  return {
    producer,
    inputs: graph.inputs.filter(({ name }) => !constants.has(name)),
    outputs: graph.outputs,
    operators: [...counts]
      .map(([name, entry]) => ({ name, ...entry }))
      .toSorted((a, b) => b.count - a.count || a.name.localeCompare(b.name)),
    weights,
    parameters: weights.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0),
    features: lastLayer(graph, graph.outputs[0]?.name ?? '').features ?? null,
  };
}
