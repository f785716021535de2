import type { Module } from '../graph/index.ts';

/**
 * The parameters and buffers that evaluate and ship, out of the state of a training step: where a moving average
 * was kept, that. What the state does not hold is left out. Values are not copied.
 */
export function trainedWeights(module: Module, state: ReadonlyMap<string, Float32Array>): Record<string, Float32Array> {
  const names = [...module.namedParameters(), ...module.namedBuffers()].map(([name]) => name);
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = state.get(`average.${name}`) ?? state.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
