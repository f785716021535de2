import { compileBlockProbe } from '../graph/index.ts';
import type { Execute } from './self-test.ts';
import { float32Tensor } from './session.ts';

/** Largest first: a processor that has 16 also runs 8, slower. */
const SIZES = [16, 8] as const;

/**
 * The block size of ONNX Runtime's own convolution layout on this processor (16 with AVX-512, 8 with AVX2 or NEON), or
 * null where it has none. Asked by trying: both graphs must load and agree.
 */
export async function findBlockSize(execute: Execute): Promise<8 | 16 | null> {
  for (const size of SIZES) {
    try {
      const { blocked, standard, inputShape, tolerance } = compileBlockProbe(size);
      const count = inputShape.reduce((product, length) => product * length, 1);
      const x = float32Tensor(
        Float32Array.from({ length: count }, (_, index) => Math.sin(index)),
        inputShape,
      );
      const [found, expected] = [await execute(blocked.onnx, { x }), await execute(standard.onnx, { x })].map(
        ({ output }) => output?.data as Float32Array,
      );
      if (found.every((value, index) => Math.abs(value - expected[index]) <= tolerance)) return size;
    } catch {
      // A size that the processor does not have fails to load: that is the answer.
    }
  }
  return null;
}
