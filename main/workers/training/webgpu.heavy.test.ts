import { fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { deviceTestResult } from '../../contract/device-worker.ts';
import type { ExecutionProvider } from '../../contract/devices.ts';
import { swiftShaderEnvironment } from '../swiftshader.test-support.ts';
import { digitsConfig, digitsDataset, runTrainer, trainerInputOf } from './digits.test-support.ts';
import { families, lossesOf } from './families.test-support.ts';

/** Needs a WebGPU adapter; without a graphics card the SwiftShader of Chromium or Electron will do. */
const environment = swiftShaderEnvironment();

/** Of losses, relative: some ten times what rounding in another order makes of them. */
const TOLERANCE = 5e-6;

it.runIf(environment)('WebGPU computes every operator, forward and backward, as the CPU does', async () => {
  const child = fork(join(import.meta.dirname, '..', 'device-test.ts'), [], {
    serialization: 'advanced',
    env: { ...process.env, ...environment },
  });
  const result = new Promise((resolve, reject) => {
    child.on('message', (raw: { type: string; result?: unknown; error?: unknown }) => {
      if (raw.type === 'result') resolve(raw.result);
      if (raw.type === 'error') reject(raw.error);
    });
    child.on('close', () => reject(new Error('The process ended without a result.')));
  });
  const input = { provider: 'webgpu', threads: 1, blockSize: null, native: false, known: null, deadly: [] };
  child.send({ type: 'start', input });
  const { tested } = deviceTestResult.parse(await result);
  expect(tested?.failures).toEqual([]);
  expect(tested?.operators.length).toBeGreaterThan(100);
});

it.runIf(environment).for(Object.keys(families))('WebGPU trains as the CPU does: %s', async (family) => {
  const program = join(import.meta.dirname, 'family-losses.test-support.ts');
  const child = fork(program, [family, 'webgpu'], { env: { ...process.env, ...environment } });
  const found = new Promise<readonly number[]>((resolve, reject) => {
    child.on('message', (losses) => resolve(losses as readonly number[]));
    child.on('close', (code, signal) => reject(new Error(`The process ended by ${signal ?? code}, without a result.`)));
  });
  const [losses, expected] = [await found, await lossesOf(family, 'cpu')];
  expect(losses.length).toBe(expected.length);
  losses.forEach((loss, index) => {
    expect(Math.abs(loss / (expected[index] ?? 0) - 1), `loss of step ${index + 1}`).toBeLessThan(TOLERANCE);
  });
});

it.runIf(environment)('WebGPU trains a convolutional network to the figures of the CPU', async () => {
  const digits = await digitsDataset(300, 100);
  try {
    const config = digitsConfig({
      model: { kind: 'cnn', channels: [4, 8], hidden: [16] },
      training: { epochs: 1, clipNorm: 1 },
    });
    const figures = async (provider: ExecutionProvider) => {
      const { ended } = runTrainer(trainerInputOf(digits, config, { provider }), () => {}, environment ?? {});
      const end = await ended;
      expect(end).toHaveProperty('result');
      return end !== null && 'result' in end ? end.result.metrics : {};
    };
    const [cpu, gpu] = [await figures('cpu'), await figures('webgpu')];
    expect(gpu.validation_loss).toBeCloseTo(cpu.validation_loss, 4);
    expect(gpu['test.accuracy']).toBeCloseTo(cpu['test.accuracy'], 1);
  } finally {
    rmSync(digits.workspaceFolder, { recursive: true, force: true });
  }
});
