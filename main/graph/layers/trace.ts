import type { Graph, Tensor } from '../tensor.ts';
import type { ModuleBuffer, Parameter } from './parameter.ts';

/** What a trace needs of a module; `Module` is the class to extend. */
export interface Forwardable {
  readonly kind: string;
  describe(): string;
  forward(x: Tensor, trace: Trace): Tensor;
  namedParameters(): readonly (readonly [string, Parameter])[];
  namedBuffers(): readonly (readonly [string, ModuleBuffer])[];
}

/** The same module to a trace, run in another way: for parts that need more than their input. */
export const runAs = (module: Forwardable, forward: Forwardable['forward']): Forwardable => ({
  kind: module.kind,
  describe: () => module.describe(),
  forward,
  namedParameters: () => module.namedParameters(),
  namedBuffers: () => module.namedBuffers(),
});

/** One pass of a model's `forward` into a graph, as its modules see it. */
export interface Trace {
  readonly graph: Graph;
  /** Batch statistics and dropout when true, running statistics and no dropout when false. */
  readonly training: boolean;
  /** The tensor of a parameter or buffer. */
  tensor(parameter: Parameter): Tensor;
  updateBuffer(buffer: ModuleBuffer, value: Tensor): void;
  /** A fresh random key for this layer at this step; the order of calls decides the stream, so it never changes. */
  randomKey(): Tensor;
  /** A further input of the model, declared in its `moreInputs`. @throws GraphError `invalid-argument` if it is not. */
  input(name: string): Tensor;
  /** Adds a float32 scalar to the training loss; with a name it is reported as a figure too. No effect outside training. */
  addLoss(loss: Tensor, name?: string): void;
  /** A further output of a forward graph. */
  emit(name: string, tensor: Tensor): void;
  /** Runs `build` with parameters that gradients do not reach: the other player of an adversarial pair. */
  frozen<T>(build: () => T): T;
  /** Runs a child under its name and records it. */
  run(name: string, module: Forwardable, x: Tensor): Tensor;
}
