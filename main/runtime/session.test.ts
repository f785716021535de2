import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { compileForward, Linear, Sequential } from '../graph/index.ts';
import { nativeRuntime } from './native.ts';
import { float32Tensor, type RuntimeSession } from './session.ts';

const parameters = { 'layers.0.weight': Float32Array.of(1, 2, 3, 4), 'layers.0.bias': Float32Array.of(10, 20) };
const { onnx } = compileForward({ module: new Sequential([new Linear(2, 2)]), inputShape: [2] }, { parameters });
const x = float32Tensor(Float32Array.of(1, 1), [1, 2]);

const ways = nativeRuntime() === null ? ['off'] : ['on', 'off'];
describe.each(ways)('a session that is given its places, addon %s', (way) => {
  let session: RuntimeSession;
  beforeAll(async () => {
    vi.stubEnv('LIGHTBENCH_NATIVE', way);
    vi.resetModules();
    const runtime = await import('./session.ts');
    session = await runtime.RuntimeSession.create(onnx, { provider: 'cpu', threads: 1, outputsGiven: true });
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await session.dispose();
  });

  it('writes outputs to the places they are given, and copies none', async () => {
    const place = float32Tensor(new Float32Array(2), [1, 2]);
    const results = await session.run({ x }, { output: place });
    expect(results).toEqual({ output: place });
    expect(results.output).toBe(place);
    expect([...(place.data as Float32Array)]).toEqual([13, 27]);
    expect(session.outputNames).toEqual(['output']);

    // A copy would take as many bytes again: none of a hundred runs may leave one.
    const large = float32Tensor(new Float32Array(2 * 50_000), [50_000, 2]);
    const into = float32Tensor(new Float32Array(2 * 50_000), [50_000, 2]);
    const before = process.memoryUsage().arrayBuffers;
    for (let run = 0; run < 100; run++) await session.run({ x: large }, { output: into });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * into.data.length * 4);
  });

  it('tells an output without a place, a place of the wrong size, and a wrong input', async () => {
    await expect(session.run({ x })).rejects.toMatchObject({
      reason: 'run-failed',
      message: expect.stringContaining('output'),
    });
    const short = float32Tensor(new Float32Array(4), [2, 2]);
    await expect(session.run({ x }, { output: short })).rejects.toMatchObject({ reason: 'run-failed' });
    const wide = float32Tensor(new Float32Array(3), [1, 3]);
    const place = float32Tensor(new Float32Array(2), [1, 2]);
    await expect(session.run({ x: wide }, { output: place })).rejects.toMatchObject({ reason: 'run-failed' });
  });
});
