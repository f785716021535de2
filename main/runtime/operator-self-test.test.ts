import { describe, expect, it } from 'vitest';
import { cpuTarget, STANDARD, type Target } from '../graph/index.ts';
import { type Execute, findBlockSize, nativeRuntime, RuntimeSession, testOperators } from './index.ts';

const onCpu: Execute = async (onnx, feeds) => {
  const session = await RuntimeSession.create(onnx, { provider: 'cpu', threads: 1 });
  const result = await session.run(feeds);
  await session.dispose();
  return result;
};
const test = (execute: Execute, target: Target = STANDARD, deadly: readonly string[] = []) =>
  testOperators({ provider: 'cpu', target, execute, reference: onCpu, deadly });

describe('self-test of the operators', () => {
  it('passes with the lowerings of this processor', async () => {
    const blockSize = await findBlockSize(onCpu);
    const result = await test(onCpu, cpuTarget({ blockSize, native: false }));
    expect(result.failures).toEqual([]);
    expect(result.operators.length).toBeGreaterThan(100);
  });

  it.runIf(nativeRuntime())('passes with the operators of the addon, in blocks and without', async () => {
    for (const blockSize of [await findBlockSize(onCpu), null])
      expect((await test(onCpu, cpuTarget({ blockSize, native: true }))).failures).toEqual([]);
  });

  it('passes with the lowerings for WebGPU, which are standard operators', async () => {
    expect((await test(onCpu, { provider: 'webgpu' })).failures).toEqual([]);
  });

  it('names the operator whose numbers are off, forward or backward', async () => {
    const wrong: Execute = async (onnx, feeds) => {
      const results = await onCpu(onnx, feeds);
      const text = Buffer.from(onnx).toString('latin1');
      if (text.includes('Softplus')) (results.y0?.data as Float32Array)[0] *= 1.01;
      const bent = text.includes('Elu') && !text.includes('LeakyRelu') ? results.gradient0 : undefined;
      if (bent) (bent.data as Float32Array)[0] += 1;
      return results;
    };
    const { failures } = await test(wrong);
    expect(failures.map(({ operator, kind }) => [operator, kind])).toEqual([
      ['EluGradient', 'wrong'],
      ['Softplus', 'wrong'],
    ]);
    expect(failures[1]?.reason).toMatch(/^Softplus: y0 is off by \d/);
  });

  it('names what the device refuses, and what its process did not survive', async () => {
    const lacking: Execute = async (onnx, feeds) => {
      if (Buffer.from(onnx).includes('GridSample')) throw new Error('No kernel for GridSample.');
      return onCpu(onnx, feeds);
    };
    const { failures } = await test(lacking, STANDARD, ['Tanh']);
    expect(failures).toEqual([
      { operator: 'Tanh', kind: 'missing', reason: 'Tanh ended the process.' },
      { operator: 'GridSample', kind: 'missing', reason: 'GridSample: No kernel for GridSample.' },
    ]);
  });
});
