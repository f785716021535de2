import { describe, expect, it } from 'vitest';
import { STANDARD } from '../graph/index.ts';
import { type Execute, RuntimeSession, selfTest } from './index.ts';

const onCpu: Execute = async (onnx, feeds) => {
  const session = await RuntimeSession.create(onnx, { provider: 'cpu', threads: 1 });
  const result = await session.run(feeds);
  await session.dispose();
  return result;
};

describe('self-test', () => {
  it('agrees with PyTorch on the CPU to float32 rounding', async () => {
    const result = await selfTest('cpu', STANDARD, onCpu);
    expect(result).toMatchObject({ passed: true });
    expect(result.maxRelativeError).toBeLessThan(1e-5);
  });

  it('catches a device whose convolution gradient is off by one per cent', async () => {
    const wrong: Execute = async (onnx, feeds) => {
      const result = await onCpu(onnx, feeds);
      const next = result['next.layers.0.weight']?.data;
      const before = feeds['layers.0.weight']?.data;
      if (next instanceof Float32Array && before instanceof Float32Array)
        for (let i = 0; i < next.length; i++) next[i] = before[i] - (before[i] - next[i]) * 1.01;
      return result;
    };
    expect(await selfTest('webgpu', STANDARD, wrong)).toMatchObject({
      passed: false,
      worst: 'the gradient of layers.0.weight',
    });
  });

  it('catches a device that answers NaN', async () => {
    const wrong: Execute = async (onnx, feeds) => {
      const result = await onCpu(onnx, feeds);
      (result.output?.data as Float32Array | undefined)?.fill(Number.NaN);
      return result;
    };
    expect(await selfTest('cpu', STANDARD, wrong)).toMatchObject({ passed: false, worst: 'the forward pass' });
  });
});
