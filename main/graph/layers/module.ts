import type { Tensor } from '../tensor.ts';
import { ModuleBuffer, Parameter } from './parameter.ts';
import type { Forwardable, Trace } from './trace.ts';

/**
 * A layer or a tree of layers, after torch.nn.Module: sub-modules, parameters and buffers are found among the own
 * properties (arrays count) and named by their path, such as `layers.0.weight`.
 */
export abstract class Module implements Forwardable {
  /** The field's name of the layer, such as `Linear`. */
  abstract readonly kind: string;

  abstract forward(x: Tensor, trace: Trace): Tensor;

  /** One line about the layer's settings, for summaries. */
  describe(): string {
    return '';
  }

  children(): readonly (readonly [string, Module])[] {
    return ownEntries(this).filter((entry): entry is readonly [string, Module] => entry[1] instanceof Module);
  }

  /** Trainable tensors in a fixed order, by path. */
  namedParameters(): readonly (readonly [string, Parameter])[] {
    return this.#collect((value) => value instanceof Parameter && !(value instanceof ModuleBuffer));
  }

  namedBuffers(): readonly (readonly [string, ModuleBuffer])[] {
    return this.#collect((value) => value instanceof ModuleBuffer);
  }

  #collect(wanted: (value: unknown) => boolean): readonly (readonly [string, Parameter])[] {
    const own = ownEntries(this).filter((entry): entry is readonly [string, Parameter] => wanted(entry[1]));
    const nested = this.children().flatMap(([name, child]) =>
      child.#collect(wanted).map(([path, parameter]) => [`${name}.${path}`, parameter] as const),
    );
    return [...own, ...nested];
  }
}

function ownEntries(module: Module): readonly (readonly [string, unknown])[] {
  return Object.entries(module).flatMap(([name, value]): readonly (readonly [string, unknown])[] =>
    Array.isArray(value) ? value.map((item, index) => [`${name}.${index}`, item] as const) : [[name, value]],
  );
}
