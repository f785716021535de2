import type { Target } from '../graph/index.ts';
import { compileBlockProbe, STANDARD } from '../graph/index.ts';
import { floats, hasNative, numbers, runOnce } from '../graph/run-onnx.test-support.ts';

/** The lowerings that this machine can be tested with: the standard one, and the CPU's own where its probe agrees. */
export async function localTargets(): Promise<readonly Target[]> {
  const found: Target[] = [STANDARD, { provider: 'cpu' }];
  for (const blockSize of [16, 8] as const) {
    const probe = compileBlockProbe(blockSize);
    const count = probe.inputShape.reduce((product, size) => product * size, 1);
    const x = floats(
      Array.from({ length: count }, (_, index) => Math.sin(index * 0.7)),
      probe.inputShape,
    );
    try {
      const blocked = numbers((await runOnce(probe.blocked, { x })).output);
      const standard = numbers((await runOnce(probe.standard, { x })).output);
      if (blocked.every((value, index) => Math.abs(value - (standard[index] ?? 0)) <= probe.tolerance)) {
        const blocked: Target = { provider: 'cpu', blockSize };
        return [...found, blocked, ...(hasNative ? [{ ...blocked, native: true } as const] : [])];
      }
    } catch {
      // A wrong block size may also refuse to load: that is the answer.
    }
  }
  return found;
}

/** What a test calls its target, such as `cpu16 native`. */
export const labelOf = ({ provider, blockSize, native }: Target): string =>
  `${provider}${blockSize ?? ''}${native ? ' native' : ''}`;
