import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { ExecutionProvider } from '../../contract/devices.ts';
import { digitsConfig, digitsDataset, runTrainer, trainerInputOf } from './digits.test-support.ts';

/**
 * Needs a WebGPU adapter. Without a graphics card SwiftShader will do: its `libvk_swiftshader.so` (inside the npm package
 * @sparticuz/chromium), a Vulkan loader, and VK_ICD_FILENAMES pointing to its JSON file.
 */
const adapter = process.env.LIGHTBENCH_WEBGPU === '1' || process.env.VK_ICD_FILENAMES !== undefined;

it.runIf(adapter)('WebGPU trains a convolutional network to the figures of the CPU', async () => {
  const digits = await digitsDataset(600, 100);
  try {
    const config = digitsConfig({
      model: { kind: 'cnn', channels: [4, 8], hidden: [16] },
      training: { epochs: 2, clipNorm: 1 },
    });
    const figures = async (provider: ExecutionProvider) => {
      const ended = await runTrainer(trainerInputOf(digits, config, { provider })).ended;
      expect(ended).toHaveProperty('result');
      return ended !== null && 'result' in ended ? ended.result.metrics : {};
    };
    const [cpu, gpu] = [await figures('cpu'), await figures('webgpu')];
    expect(gpu.validation_loss).toBeCloseTo(cpu.validation_loss, 4);
    expect(gpu['test.accuracy']).toBeCloseTo(cpu['test.accuracy'], 1);
  } finally {
    rmSync(digits.workspaceFolder, { recursive: true, force: true });
  }
});
