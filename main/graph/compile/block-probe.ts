import { Conv2d } from '../layers/convolution.ts';
import { STANDARD } from '../lowering/target.ts';
import { compileForward } from './forward.ts';
import type { CompiledGraph, ParameterValues } from './model.ts';
import { initializeParameters } from './model.ts';

const CHANNELS = 32;
const SIZE = 8;

export interface BlockProbe {
  /** The same convolution in blocked and in standard operators; both take `x` and yield `output`. */
  readonly blocked: CompiledGraph;
  readonly standard: CompiledGraph;
  readonly inputShape: readonly [number, number, number, number];
  /** Outputs may differ by at most this much. A wrong block size differs by whole units, or fails to load. */
  readonly tolerance: number;
}

/**
 * A self-test: a block size is this machine's if both graphs load and agree on any non-constant input. Which size ONNX
 * Runtime uses depends on the processor (16 with AVX-512, 8 with AVX2 or NEON, none elsewhere).
 */
export function compileBlockProbe(blockSize: 8 | 16): BlockProbe {
  const module = new Conv2d(CHANNELS, CHANNELS, 3, { padding: 1 });
  const model = { module, inputShape: [CHANNELS, SIZE, SIZE] };
  const parameters: ParameterValues = initializeParameters(module, 1);
  return {
    blocked: compileForward(model, { parameters, target: { provider: 'cpu', blockSize } }),
    standard: compileForward(model, { parameters, target: STANDARD }),
    inputShape: [1, CHANNELS, SIZE, SIZE],
    tolerance: 1e-4,
  };
}
