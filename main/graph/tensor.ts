import type { DataType, TensorData } from './data-type.ts';
import type { Dimension, Shape } from './dimension.ts';
import { elementCount } from './dimension.ts';
import { GraphError } from './graph-error.ts';

export type AttributeValue = number | string | boolean | readonly Dimension[];
export type Attributes = Readonly<Record<string, AttributeValue>>;

export interface TensorType {
  readonly dtype: DataType;
  readonly shape: Shape;
}

/** What a graph needs to know of the operator table. */
export type TypeRules = Readonly<
  Record<
    string,
    {
      readonly inferTypes: (
        inputs: readonly (TensorType | undefined)[],
        attributes: Attributes,
      ) => readonly TensorType[];
    }
  >
>;

/** A symbolic tensor: a place in a graph, not numbers. */
export interface Tensor extends TensorType {
  readonly id: number;
  readonly graph: Graph;
  /** Absent for graph inputs and constants. */
  readonly producer: Node | undefined;
  /** Set for graph inputs. */
  readonly inputName: string | undefined;
  /** Set for constants. */
  readonly data: TensorData | undefined;
  /** What a constant that stands for a weight is called; a file keeps the name. */
  readonly constantName: string | undefined;
}

export interface Node {
  readonly operator: string;
  readonly inputs: readonly (Tensor | undefined)[];
  readonly attributes: Attributes;
  readonly outputs: readonly Tensor[];
}

/** A growing list of operator applications in execution order. */
export class Graph {
  readonly inputs: Tensor[] = [];
  readonly nodes: Node[] = [];
  readonly #operators: TypeRules;
  readonly #scalars = new Map<string, Tensor>();
  #nextId = 0;

  constructor(operators: TypeRules) {
    this.#operators = operators;
  }

  input(name: string, dtype: DataType, shape: Shape): Tensor {
    if (this.inputs.some((existing) => existing.inputName === name)) {
      throw new GraphError('invalid-argument', `The graph already has an input named ${name}.`);
    }
    const tensor = this.#tensor({ dtype, shape }, { inputName: name });
    this.inputs.push(tensor);
    return tensor;
  }

  /** @param name of a weight; no two constants of a graph have the same */
  constant(dtype: DataType, shape: Shape, data: TensorData, name?: string): Tensor {
    if (data.length !== elementCount(shape)) {
      throw new GraphError('shape-mismatch', `${data.length} values cannot fill a constant of shape [${shape}].`);
    }
    return this.#tensor({ dtype, shape }, name === undefined ? { data } : { data, constantName: name });
  }

  scalar(value: number, dtype: 'float32' | 'float64' = 'float32'): Tensor {
    const key = `${dtype}:${value}`;
    const existing = this.#scalars.get(key);
    if (existing) return existing;
    const data = dtype === 'float32' ? new Float32Array([value]) : new Float64Array([value]);
    const tensor = this.constant(dtype, [], data);
    this.#scalars.set(key, tensor);
    return tensor;
  }

  /** Applies an operator of the table and returns all its outputs. */
  applyAll(operator: string, inputs: readonly (Tensor | undefined)[], attributes: Attributes = {}): readonly Tensor[] {
    const row = this.#operators[operator];
    if (!row) throw new GraphError('unknown-operator', `There is no operator named ${operator}.`);
    const types = row.inferTypes(inputs, attributes);
    const outputs: Tensor[] = [];
    const node: Node = { operator, inputs, attributes, outputs };
    for (const type of types) outputs.push(this.#tensor(type, { producer: node }));
    this.nodes.push(node);
    return outputs;
  }

  /** Applies an operator and returns its first output. */
  apply(operator: string, inputs: readonly (Tensor | undefined)[], attributes: Attributes = {}): Tensor {
    const [first] = this.applyAll(operator, inputs, attributes);
    if (!first) throw new GraphError('unknown-operator', `${operator} has no outputs.`);
    return first;
  }

  #tensor(
    type: TensorType,
    origin: {
      readonly producer?: Node;
      readonly inputName?: string;
      readonly data?: TensorData;
      readonly constantName?: string;
    },
  ): Tensor {
    const id = this.#nextId++;
    const { producer, inputName, data, constantName } = origin;
    return { id, graph: this, dtype: type.dtype, shape: type.shape, producer, inputName, data, constantName };
  }
}
