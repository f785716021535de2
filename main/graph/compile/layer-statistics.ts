import {
  absolute,
  minimum,
  multiply,
  reduceMax,
  reduceMean,
  reshape,
  scale,
  shift,
  squareRoot,
  subtract,
} from '../expression.ts';
import type { LayerRecord } from '../layers/recording-trace.ts';
import type { LossSpec } from '../losses/loss.ts';
import { buildLoss } from '../losses/loss.ts';
import type { Target } from '../lowering/target.ts';
import { STANDARD } from '../lowering/target.ts';
import { operators } from '../operators/index.ts';
import { gradients } from '../passes/gradients.ts';
import type { Graph, Tensor } from '../tensor.ts';
import { assemble } from './assemble.ts';
import type { CompilableModel, CompiledGraph } from './model.ts';
import { bindInputs, createGraph, modelInput, traceModel } from './model.ts';
import { once } from './state-list.ts';

export interface LayerStatisticsOptions {
  readonly loss: LossSpec;
  readonly target?: Target;
}

/**
 * What layers do with a batch. Outputs, float32: `loss`; over `layers`, [layers] each, `activationMean`,
 * `activationDeviation` and `deadUnits`, the share of channels (features of vectors and sequences) that are zero for the
 * whole batch; over `connected`, `outputGradientNorm`; over `trained`, `gradientNorm` of all its weights.
 */
export interface LayerStatisticsGraph extends CompiledGraph {
  /** Paths of the layers without children, in execution order. */
  readonly layers: readonly string[];
  /** Those of them that the loss depends on. */
  readonly connected: readonly string[];
  /** Paths of the modules with weights that the loss depends on. */
  readonly trained: readonly string[];
}

/** Above it a number counts as not zero. */
const SMALLEST = 1e-30;

/** Forward and backward in training mode with figures of every layer. Inputs are those of `compileGradients`. */
export function compileLayerStatistics(model: CompilableModel, options: LayerStatisticsOptions): LayerStatisticsGraph {
  const graph = createGraph();
  const x = modelInput(graph, model);
  const bound = new Map<string, Tensor>();
  const bind = bindInputs(graph);
  const random = once(() => ({ seed: graph.input('seed', 'int32', []), step: graph.input('step', 'int32', []) }));
  const trace = traceModel(graph, model, {
    training: true,
    bind: (name, parameter) => {
      const tensor = bind(name, parameter);
      bound.set(name, tensor);
      return tensor;
    },
    random,
  });
  const output = trace.run('model', model.module, x);
  const { loss } = buildLoss(x, output, options.loss, { added: trace.addedLosses });
  const reached = reaching(graph, loss);
  const layers = childless(trace.layers);
  const connected = layers.filter((layer) => reached.has(layer.output.id) && layer.output.producer !== undefined);
  const weights = model.module
    .namedParameters()
    .flatMap(([name]) => (reached.has(bound.get(name)?.id ?? -1) ? [[name, bound.get(name) as Tensor] as const] : []));
  const results = gradients(operators, loss, [
    ...connected.map((layer) => layer.output),
    ...weights.map(([, tensor]) => tensor),
  ]);
  const trained = [...new Set(weights.map(([name]) => pathOf(name)))];
  const squares = new Map<string, Tensor>();
  weights.forEach(([name], place) => {
    const square = sumOfSquares(results[connected.length + place] as Tensor);
    const before = squares.get(pathOf(name));
    squares.set(pathOf(name), before ? graph.apply('Add', [before, square]) : square);
  });
  const means = layers.map(({ output: tensor }) => reduceMean(tensor, axesOf(tensor)));
  const deviations = layers.map(({ output: tensor }, place) => {
    const mean = means[place] as Tensor;
    const variance = subtract(reduceMean(multiply(tensor, tensor), axesOf(tensor)), multiply(mean, mean));
    return squareRoot(graph.apply('Max', [variance, graph.scalar(0)]));
  });
  const outputs = {
    activationMean: means,
    activationDeviation: deviations,
    deadUnits: layers.map(({ output: tensor }) => deadShare(tensor)),
    outputGradientNorm: connected.map((_, place) => squareRoot(sumOfSquares(results[place] as Tensor))),
    gradientNorm: trained.map((path) => squareRoot(squares.get(path) as Tensor)),
  };
  const named = [
    { name: 'loss', tensor: loss },
    ...Object.entries(outputs).flatMap(([name, tensors]) =>
      tensors.length === 0 ? [] : [{ name, tensor: together(graph, tensors) }],
    ),
  ];
  return {
    ...assemble(graph, named, options.target ?? STANDARD, 'layer_statistics'),
    layers: layers.map(({ name }) => name),
    connected: connected.map(({ name }) => name),
    trained,
  };
}

/** Layers that ran no others, each once, with paths from the root. */
function childless(records: readonly LayerRecord[]): readonly LayerRecord[] {
  const seen = new Set<string>();
  return records.flatMap((record, place) => {
    const name = record.name.replace(/^model\.?/, '');
    const hasChildren = (records[place + 1]?.depth ?? 0) > record.depth;
    if (hasChildren || seen.has(name) || record.output.dtype !== 'float32' || record.outputShape.length < 2) return [];
    seen.add(name);
    return [{ ...record, name }];
  });
}

/** Ids of the tensors that a gradient of the target arrives at. */
function reaching(graph: Graph, target: Tensor): ReadonlySet<number> {
  const ids = new Set([target.id]);
  for (const node of [...graph.nodes].reverse()) {
    if (operators[node.operator]?.gradient === 'none' || !node.outputs.some(({ id }) => ids.has(id))) continue;
    for (const input of node.inputs) if (input) ids.add(input.id);
  }
  return ids;
}

const pathOf = (parameter: string): string => parameter.slice(0, Math.max(0, parameter.lastIndexOf('.')));

const axesOf = (tensor: Tensor): readonly number[] => tensor.shape.map((_, axis) => axis);

const sumOfSquares = (tensor: Tensor): Tensor => tensor.graph.apply('SumOfSquares', [tensor]);

/** Channels of images are units, else the last axis. */
function deadShare(tensor: Tensor): Tensor {
  const unit = tensor.shape.length >= 4 ? 1 : tensor.shape.length - 1;
  const others = axesOf(tensor).filter((axis) => axis !== unit);
  const alive = minimum(tensor.graph.scalar(1), scale(reduceMax(absolute(tensor), others), 1 / SMALLEST));
  return shift(scale(reduceMean(alive, [0]), -1), 1);
}

const together = (graph: Graph, scalars: readonly Tensor[]): Tensor => {
  const rows = scalars.map((tensor) => reshape(tensor, [1]));
  return rows.length === 1 ? (rows[0] as Tensor) : graph.apply('Concat', rows, { axis: 0 });
};
