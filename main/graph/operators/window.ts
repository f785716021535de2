import type { Shape } from '../dimension.ts';
import { staticSize } from '../dimension.ts';
import { GraphError } from '../graph-error.ts';
import type { Attributes } from '../tensor.ts';
import { integersOf } from './rule-inputs.ts';

/** A sliding window over height and width, as convolutions and poolings share it. */
export interface Window {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  /** Top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number];
  readonly dilations: readonly [number, number];
}

const pair = (values: readonly number[]): readonly [number, number] => [values[0] ?? 1, values[1] ?? values[0] ?? 1];

export function windowOf(attributes: Attributes): Window {
  const pads = integersOf(attributes, 'pads');
  return {
    kernel: pair(integersOf(attributes, 'kernel')),
    strides: pair(integersOf(attributes, 'strides')),
    pads: [pads[0] ?? 0, pads[1] ?? 0, pads[2] ?? 0, pads[3] ?? 0],
    dilations: attributes.dilations ? pair(integersOf(attributes, 'dilations')) : [1, 1],
  };
}

/** Height and width after the window, rounded down as PyTorch does. @throws GraphError `shape-mismatch` if nothing is left. */
export function windowOutput(shape: Shape, window: Window): readonly [number, number] {
  const size = (axis: 0 | 1): number => {
    const input = staticSize(shape[axis + 2]);
    const reach = window.dilations[axis] * (window.kernel[axis] - 1) + 1;
    return (
      Math.floor((input + window.pads[axis] + window.pads[(axis + 2) as 2 | 3] - reach) / window.strides[axis]) + 1
    );
  };
  const [height, width] = [size(0), size(1)];
  if (height < 1 || width < 1) {
    throw new GraphError('shape-mismatch', `A ${window.kernel.join(' x ')} window does not fit into [${shape}].`);
  }
  return [height, width];
}

export const onnxWindow = (window: Window): Record<string, readonly number[]> => ({
  kernel_shape: window.kernel,
  strides: window.strides,
  pads: window.pads,
  dilations: window.dilations,
});
