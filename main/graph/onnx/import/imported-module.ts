import type { Shape } from '../../dimension.ts';
import { BATCH, elementCount } from '../../dimension.ts';
import { GraphError } from '../../graph-error.ts';
import { Module } from '../../layers/module.ts';
import { Parameter } from '../../layers/parameter.ts';
import type { Trace } from '../../layers/trace.ts';
import type { Tensor } from '../../tensor.ts';
import type { OnnxGraph, OnnxModel, OnnxNode, OnnxTensor, OnnxValueInfo } from '../model.ts';
import { constantsAsInitializers } from './constant-weights.ts';
import type { ImportRule } from './rules.ts';
import { importRules } from './rules.ts';
import type { ImportCall, ImportedValue } from './values.ts';
import { attributeInteger, attributeIntegers, constantIntegers, refuse } from './values.ts';

/** Operators whose inputs from this place on are statistics, which training leaves as they are. */
const STATISTICS_FROM: Readonly<Record<string, number>> = { BatchNormalization: 3 };

/** Changes a weight where it is read, such as by an adapter; returns it or what takes its place. */
export type WeightHook = (name: string, weight: Tensor, trace: Trace) => Tensor;

/** Weights by the names that the file gives them. */
class Weights extends Module {
  readonly kind = 'Weights';

  constructor(entries: Readonly<Record<string, Parameter>>) {
    super();
    Object.assign(this, entries);
  }

  forward(): Tensor {
    throw new GraphError('invalid-argument', 'Weights are read by the graph around them.');
  }
}

export interface ImportOptions {
  /** The name of a tensor to end at instead of the first output. */
  readonly output?: string;
  /** Of the first input, without the batch: where the file leaves sizes open. */
  readonly inputShape?: readonly number[];
  /** The name of a float32 tensor to begin at instead of the first input; its sizes are `inputShape`. */
  readonly input?: string;
}

/**
 * The graph of an ONNX file as a module: float32 tensors of the file are its parameters (`weights.<name>`), single
 * numbers and statistics of batch norms are constants, and batch norms use those statistics while training too.
 * @throws GraphError `unsupported`, with every node that cannot be read
 */
export class ImportedModule extends Module {
  readonly kind = 'Imported';
  readonly weights: Module;
  /** Starting values by parameter name. */
  readonly values: Readonly<Record<string, Float32Array>>;
  readonly inputs: readonly OnnxValueInfo[];
  readonly #graph: OnnxGraph;
  readonly #opset: number;
  readonly #output: string;
  readonly #weights: ReadonlyMap<string, Parameter>;
  readonly #hooks: WeightHook[] = [];

  constructor(model: OnnxModel, options: ImportOptions = {}) {
    super();
    const { graph, opsets } = constantsAsInitializers(model);
    this.#output = options.output ?? graph.outputs[0]?.name ?? '';
    this.#opset = opsets[''] ?? 0;
    this.#graph = { ...graph, nodes: neededNodes(graph, this.#output, options.input) };
    reportUnsupported(this.#graph.nodes);
    const constants = new Set(graph.initializers.map(({ name }) => name));
    this.inputs =
      options.input === undefined
        ? withBatch(
            graph.inputs.filter(({ name }) => !constants.has(name)),
            options.inputShape,
          )
        : [{ name: options.input, dtype: 'float32', shape: [BATCH, ...(options.inputShape ?? [])] }];
    const trainable = trainableWeights(this.#graph);
    const entries = trainable.map((tensor): readonly [string, Parameter] => [
      tensor.name,
      new Parameter(tensor.dims, { kind: 'constant', value: 0 }),
    ]);
    this.#weights = new Map(entries);
    this.weights = new Weights(Object.fromEntries(entries));
    this.values = Object.fromEntries(
      trainable.map(({ name, data }) => [`weights.${name}`, Float32Array.from(data as Float32Array)]),
    );
  }

  /** Names and shapes of the weights, as the file has them. */
  get weightShapes(): ReadonlyMap<string, readonly number[]> {
    return new Map([...this.#weights].map(([name, { shape }]) => [name, shape]));
  }

  onWeight(hook: WeightHook): void {
    this.#hooks.push(hook);
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const values = new Map<string, ImportedValue>();
    this.inputs.forEach(({ name }, index) => {
      values.set(name, { kind: 'tensor', tensor: index === 0 ? x : trace.input(name) });
    });
    for (const constant of this.#graph.initializers) {
      const parameter = this.#weights.get(constant.name);
      values.set(
        constant.name,
        parameter
          ? { kind: 'tensor', tensor: this.#read(constant.name, parameter, trace) }
          : { kind: 'constant', constant },
      );
    }
    for (const node of this.#graph.nodes) {
      const result = this.#apply(node, values, trace);
      node.outputs.forEach((name, index) => {
        const value = Array.isArray(result) ? result[index] : index === 0 ? result : undefined;
        if (value) values.set(name, 'kind' in value ? value : { kind: 'tensor', tensor: value });
      });
    }
    return toTensor(values.get(this.#output), trace) ?? refuseOutput(this.#output);
  }

  #read(name: string, parameter: Parameter, trace: Trace): Tensor {
    return this.#hooks.reduce((weight, hook) => hook(name, weight, trace), trace.tensor(parameter));
  }

  #apply(node: OnnxNode, values: ReadonlyMap<string, ImportedValue>, trace: Trace): ReturnType<ImportRule> {
    const value = (index: number): ImportedValue | undefined => values.get(node.inputs[index] || '\0');
    const call: ImportCall = {
      node,
      value,
      optional: (index) => toTensor(value(index), trace),
      tensor: (index) => toTensor(value(index), trace) ?? refuse(node, `input ${index} is missing`),
      integers: (attribute, index) => {
        const given = attributeIntegers(node.attributes[attribute]);
        const input = index < 0 ? undefined : value(index);
        return given ?? (input?.kind === 'constant' ? constantIntegers(input.constant) : undefined);
      },
      integer: (attribute, fallback) => attributeInteger(node, attribute) ?? fallback,
      float: (attribute, fallback) => {
        const given = node.attributes[attribute];
        return given?.kind === 'float' ? given.value : fallback;
      },
      text: (attribute, fallback) => {
        const given = node.attributes[attribute];
        return given?.kind === 'string' ? given.value : fallback;
      },
      opset: this.#opset,
    };
    return importRules[node.operator]?.(call) ?? refuse(node, 'there is no rule');
  }
}

function refuseOutput(name: string): never {
  throw new GraphError('invalid-argument', `The graph has no tensor named ${name}.`);
}

function toTensor(value: ImportedValue | undefined, trace: Trace): Tensor | undefined {
  if (!value) return undefined;
  if (value.kind === 'tensor') return value.tensor;
  if (value.kind === 'constant')
    return trace.graph.constant(value.constant.dtype, value.constant.dims, value.constant.data);
  const sizes = value.sizes.map(Number);
  if (sizes.some(Number.isNaN))
    throw new GraphError('unsupported', `Arithmetic with the symbolic sizes [${value.sizes}].`);
  return trace.graph.constant('int64', [sizes.length], BigInt64Array.from(sizes, BigInt));
}

/** The nodes that an output needs, in order, from the input on. */
function neededNodes(graph: OnnxGraph, output: string, input: string | undefined): readonly OnnxNode[] {
  const needed = new Set([output]);
  const kept: OnnxNode[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((name) => name !== input && needed.has(name))) continue;
    kept.push(node);
    for (const name of node.inputs) needed.add(name);
  }
  return kept.reverse();
}

/** Whether the operator of a node can be read. */
export const isImportable = ({ operator, domain }: OnnxNode): boolean =>
  Object.hasOwn(importRules, operator) && (domain === '' || domain === 'ai.onnx');

function reportUnsupported(nodes: readonly OnnxNode[]): void {
  const unknown = nodes.filter((node) => !isImportable(node));
  if (unknown.length === 0) return;
  const counts = new Map<string, number>();
  for (const { operator, domain } of unknown) {
    const full = domain === '' ? operator : `${domain}.${operator}`;
    counts.set(full, (counts.get(full) ?? 0) + 1);
  }
  const list = [...counts].map(([name, count]) => `${name} (${count} ×)`);
  throw new GraphError(
    'unsupported',
    `${unknown.length} of ${nodes.length} nodes cannot be imported, of the operators ${list.join(', ')}.`,
  );
}

/** Float tensors of the file that nodes compute with, but for single numbers and statistics. */
function trainableWeights({ nodes, initializers }: OnnxGraph): readonly OnnxTensor[] {
  const read = new Set<string>();
  const statistics = new Set<string>();
  for (const { operator, inputs } of nodes) {
    const from = STATISTICS_FROM[operator] ?? Number.POSITIVE_INFINITY;
    inputs.forEach((name, index) => {
      read.add(name);
      if (index >= from) statistics.add(name);
    });
  }
  return initializers.filter(
    ({ name, dtype, dims }) => dtype === 'float32' && elementCount(dims) > 1 && read.has(name) && !statistics.has(name),
  );
}

/** Inputs with the first one's leading size, whatever the file calls it, as the batch, and its open sizes filled in. */
function withBatch(inputs: readonly OnnxValueInfo[], inputShape?: readonly number[]): readonly OnnxValueInfo[] {
  const [first] = inputs;
  if (!first || first.shape.length === 0) throw new GraphError('unsupported', 'The graph takes no batch of samples.');
  if (inputShape && inputShape.length !== first.shape.length - 1) {
    throw new GraphError('shape-mismatch', `The input [${first.shape}] cannot be [batch,${inputShape}].`);
  }
  const known = new Map(first.shape.map((size, axis) => [size, axis === 0 ? BATCH : (inputShape?.[axis - 1] ?? size)]));
  const rename = (shape: Shape): Shape =>
    shape.map((size) => (typeof size === 'string' ? (known.get(size) ?? size) : size));
  return inputs.map((input) => ({
    ...input,
    shape: input === first ? [BATCH, ...(inputShape ?? rename(input.shape.slice(1)))] : rename(input.shape),
  }));
}
