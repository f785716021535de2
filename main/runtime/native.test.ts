import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { compileForward, cpuTarget, Linear, Sequential } from '../graph/index.ts';
import { type Execute, findBlockSize, RuntimeSession, testOperators } from './index.ts';
import { nativeRuntime } from './native.ts';

const native = nativeRuntime();
const isWanted = process.env.LIGHTBENCH_NATIVE !== 'off';
const hasCompiler = spawnSync('cc', ['-x', 'c++', '-E', '/dev/null']).status === 0;

it.runIf(process.platform === 'linux' && isWanted && hasCompiler)('is there wherever it could be built', () => {
  expect(native?.level()).toMatch(/^(avx512|avx2|base)$/);
});

describe.runIf(native)('the addon', () => {
  const best = native?.level() ?? '';
  afterAll(() => void native?.choose(best));

  // What each instruction set computes is held to ONNX Runtime's own operators; the best one is in operator-self-test.test.ts.
  it.each(['base', 'avx2'].filter((level) => native?.choose(level)))('agrees with its twins on %s', async (level) => {
    expect(native?.choose(level)).toBe(true);
    expect(native?.level()).toBe(level);
    const execute: Execute = async (onnx, feeds) => {
      const session = await RuntimeSession.create(onnx, { provider: 'cpu', threads: 1 });
      const result = await session.run(feeds);
      await session.dispose();
      return result;
    };
    for (const blockSize of [await findBlockSize(execute), null]) {
      const target = cpuTarget({ blockSize, native: true });
      const { failures } = await testOperators({ provider: 'cpu', target, execute, reference: execute });
      expect(failures).toEqual([]);
    }
  });

  it.runIf(process.platform === 'linux')('gathers memory into large pages, with what is in it', () => {
    const numbers = new Float32Array(2 ** 23).map((_, index) => index % 1000);
    const before = numbers.reduce((sum, value) => sum + value, 0);
    // Nothing where the system knows no such pages.
    const canGather = existsSync('/sys/kernel/mm/transparent_hugepage');
    expect(native?.gatherPages()).toBeGreaterThanOrEqual(canGather ? numbers.byteLength - 2 ** 22 : 0);
    expect(numbers.reduce((sum, value) => sum + value, 0)).toBe(before);
  });

  it('does not know instruction sets by other names', () => {
    expect(native?.choose('sse')).toBe(false);
  });

  it('tells a model that cannot be read, and a session that is gone', () => {
    expect(() => native?.create(Uint8Array.of(1, 2, 3), 1, [])).toThrow(/model|protobuf/i);
    const { onnx } = compileForward(
      { module: new Sequential([new Linear(1, 1)]), inputShape: [1] },
      { parameters: { 'layers.0.weight': Float32Array.of(2), 'layers.0.bias': Float32Array.of(1) } },
    );
    const [session] = native?.create(onnx, 1, []) ?? [];
    const x = [1, Float32Array.of(3), [1, 1]] as const;
    const made = native?.run(session, [x], [null]);
    expect(made?.map(([, numbers]) => [...new Float32Array(numbers)])).toEqual([[7]]);
    native?.dispose(session);
    native?.dispose(session);
    expect(() => native?.run(session, [x], [null])).toThrow('disposed');
  });
});
