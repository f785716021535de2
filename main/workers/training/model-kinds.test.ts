import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Digits, digitsConfig, digitsDataset, runTrainer, trainerInputOf } from './digits.test-support.ts';

let digits: Digits;
beforeAll(async () => {
  digits = await digitsDataset(600, 100);
});
afterAll(() => rmSync(digits.workspaceFolder, { recursive: true, force: true }));

it.each([
  {
    ...{ kind: 'resnet', channels: [8], blocks: [1], block: 'bottleneck', norm: 'group' },
    ...{ stochasticDepth: 0.1, squeezeReduction: 4 },
  },
  {
    ...{ kind: 'mobilenet_v2', stemStride: 1, stemChannels: 8, headChannels: 32, dropout: 0 },
    stages: [{ expansion: 2, channels: 8, blocks: 1, stride: 2 }],
  },
  { kind: 'mixture_of_experts', experts: 3, topK: 2, hidden: [16] },
  { kind: 'convolutional_transformer', channels: [8], width: 16, heads: 2, layers: 1 },
])('$kind learns real digits', async (model) => {
  const config = digitsConfig({
    data: { dataset: 'digits', batchSize: 20 },
    preprocessing: { resize: [12, 12] },
    model,
    optimizer: { kind: 'adamw', learningRate: 0.01 },
    training: { epochs: 12 },
  });
  const run = runTrainer(trainerInputOf(digits, config, { threads: 2 }));
  expect(await run.ended).toMatchObject({ result: { outcome: 'finished' } });
  // One in ten by chance.
  const test = run.messages.find((message) => message.type === 'evaluation' && message.evaluation.split === 'test');
  expect(test?.type === 'evaluation' && test.evaluation.classification?.accuracy).toBeGreaterThan(0.3);
});
