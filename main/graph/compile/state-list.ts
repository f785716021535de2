import type { NamedOutput } from '../lowering/lower-graph.ts';
import type { Tensor } from '../tensor.ts';
import type { StateTensor } from './model.ts';

/** Collects the state of a training step and the outputs that carry it on. */
export class StateList {
  readonly entries: StateTensor[] = [];
  readonly outputs: NamedOutput[] = [];

  /** @param values what the state starts with; asked for once, when it is first read */
  keep(
    kind: StateTensor['kind'],
    name: string,
    shape: readonly number[],
    next: Tensor,
    values: () => Float32Array,
  ): void {
    const outputName = `next.${name}`;
    const first = once(values);
    this.entries.push({
      name,
      outputName,
      kind,
      dtype: 'float32',
      shape,
      get initial() {
        return first();
      },
    });
    this.outputs.push({ name: outputName, tensor: next });
  }
}

/** Makes a value when it is first asked for. */
export function once<T>(make: () => T): () => T {
  let value: T | undefined;
  return () => {
    value ??= make();
    return value;
  };
}
