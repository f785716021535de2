import type { DataType } from '../data-type.ts';
import type { Shape } from '../dimension.ts';
import { BATCH } from '../dimension.ts';
import { GraphError } from '../graph-error.ts';
import type { Module } from '../layers/module.ts';
import type { Parameter } from '../layers/parameter.ts';
import type { TraceOptions } from '../layers/recording-trace.ts';
import { RecordingTrace } from '../layers/recording-trace.ts';
import { operators } from '../operators/index.ts';
import type { Tensor } from '../tensor.ts';
import { Graph } from '../tensor.ts';

/** What every compile function takes. */
export interface CompilableModel {
  readonly module: Module;
  /** One sample of `x` without the batch: [channels, height, width], [features] or [length]. */
  readonly inputShape: readonly number[];
  /** Of `x`. Default float32; token ids are int64. */
  readonly inputType?: DataType;
  /** What the modules read besides `x`, by `trace.input(name)`, with full shapes. */
  readonly moreInputs?: readonly TensorSpec[];
  /**
   * Every step of a run learns from the same data, such as one graph with all its nodes: runs of many steps then take
   * each input once, not stacked, and compute what depends on the data alone only once.
   */
  readonly fullBatch?: boolean;
}

/** Values of parameters and buffers by name. */
export type ParameterValues = Readonly<Record<string, Float32Array>>;

export interface TensorSpec {
  readonly name: string;
  readonly dtype: DataType;
  /** May contain `batch`. */
  readonly shape: Shape;
}

export interface CompiledGraph {
  /** An ONNX file's bytes. */
  readonly onnx: Uint8Array;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/** A tensor that one step reads under `name` and writes under `outputName`; feed the output back at the next step. */
export interface StateTensor {
  readonly name: string;
  readonly outputName: string;
  /** `average`: a moving average of the parameter or running statistic whose name follows `average.`. */
  readonly kind: 'parameter' | 'buffer' | 'optimizer' | 'average';
  readonly dtype: 'float32';
  readonly shape: readonly number[];
  readonly initial: Float32Array;
}

export const createGraph = (): Graph => new Graph(operators);

export const modelInput = (graph: Graph, model: CompilableModel, batch: string = BATCH): Tensor =>
  graph.input('x', model.inputType ?? 'float32', [batch, ...model.inputShape]);

/** Declares the model's further inputs in the graph and makes the trace that its modules see. */
export function traceModel(
  graph: Graph,
  model: CompilableModel,
  options: Omit<TraceOptions, 'inputs'>,
): RecordingTrace {
  const inputs = new Map(
    (model.moreInputs ?? []).map(({ name, dtype, shape }) => [name, graph.input(name, dtype, shape)]),
  );
  return new RecordingTrace(graph, operators, model.module, { ...options, inputs });
}

/** Parameters as graph inputs. */
export const bindInputs =
  (graph: Graph): TraceOptions['bind'] =>
  (name, parameter) =>
    graph.input(name, 'float32', parameter.shape);

/** Parameters as constants. @throws GraphError `invalid-argument` if a value is missing or of the wrong size. */
export const bindConstants =
  (graph: Graph, values: ParameterValues): TraceOptions['bind'] =>
  (name, parameter) => {
    const value = values[name];
    if (!value) throw new GraphError('invalid-argument', `No value was given for the parameter ${name}.`);
    return graph.constant('float32', parameter.shape, value, name);
  };

/** Fresh values of all parameters and buffers; a pure function of the architecture and the seed. */
export function initializeParameters(module: Module, seed: number): ParameterValues {
  const values: Record<string, Float32Array> = {};
  const all: readonly (readonly [string, Parameter])[] = [...module.namedParameters(), ...module.namedBuffers()];
  all.forEach(([name, parameter], stream) => {
    values[name] = parameter.initialValues(seed, stream);
  });
  return values;
}
