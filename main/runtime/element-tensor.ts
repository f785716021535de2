import { Tensor } from 'onnxruntime-node';
import type { RuntimeTensor } from './backend.ts';

/** Anything a tensor may hold; text as an array of strings. */
export type ElementData = ArrayBufferView | readonly string[];

/** A tensor of an element type by ONNX Runtime's name for it, such as `float32` or `string`. */
export function elementTensor(element: string, data: ElementData, dims: readonly number[]): RuntimeTensor {
  return new Tensor(element as 'float32', data as Float32Array, dims);
}
