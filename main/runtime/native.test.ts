import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { nativeRuntime } from './native.ts';

const hasCompiler = spawnSync('cc', ['-x', 'c++', '-E', '/dev/null']).status === 0;

it.runIf(process.platform === 'linux' && hasCompiler)('is there wherever it could be built', () => {
  expect(nativeRuntime()?.level()).toMatch(/^(avx512|avx2|base)$/);
});

it.runIf(nativeRuntime())(
  'tells a model that it cannot read, a tensor without numbers, and a session that is gone',
  () => {
    const native = nativeRuntime();
    expect(() => native?.create(Uint8Array.of(1, 2, 3), 1, [])).toThrow(/model/i);
  },
);
