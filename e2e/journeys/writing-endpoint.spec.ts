import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expectAccessible } from '../support/accessible.ts';
import { licences, writeWords } from '../support/real-texts.ts';
import { finish, serveModel, trainModel } from '../support/serve-model.ts';
import { expect, test } from '../support/studio.ts';

/** Models that write are evaluated and tried behind their endpoints. Each part needs the one before. */
test.describe.configure({ mode: 'serial' });

let folder: string;
test.beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'texts-'));
  writeWords(join(folder, 'words.csv'), 120);
});
test.afterAll(() => rmSync(folder, { recursive: true, force: true }));

const letters = `task: language-modeling
data: { dataset: licences, batchSize: 32, text: { unit: characters, length: 32 } }
model: { kind: transformer_decoder, width: 32, heads: 4, layers: 1 }
optimizer: { kind: adamw, learningRate: 0.005 }
training: { epochs: 1 }
`;
const words = `name: Spoken
task: sequence-to-sequence
data:
  dataset: words
  batchSize: 64
  sequences:
    source: { column: word, unit: characters, length: 20 }
    target: { column: phonemes, unit: words, length: 20 }
model: { kind: recurrent_encoder_decoder, cell: gru, hidden: 64, embedding: 32 }
optimizer: { kind: adamw, learningRate: 0.005 }
training: { epochs: 2 }
`;

const panel = (page: Page, title: string) =>
  page.locator('section').filter({ has: page.getByRole('heading', { name: title, exact: true }) });

test('a language model goes on with a text', async ({ studio }) => {
  const { page, visit, call } = studio;
  const splits = { mode: 'ordered', validation: 0.05, test: 0.05, seed: 0 } as const;
  await finish(call, (await call('datasets.import', { path: licences, options: { name: 'licences', splits } })).jobId);
  await serveModel(call, await trainModel(call, letters), 'letters');
  await visit('/deploy/letters');
  const write = page.getByRole('button', { name: 'Write' });
  await expect(write).toBeDisabled();
  await page.getByRole('textbox', { name: 'Text', exact: true }).fill('Permission is hereby granted');
  await page.getByRole('textbox', { name: /^Tokens/ }).fill('60');
  await write.click();
  const text = panel(page, 'What it writes').locator('pre').first();
  await expect(text).toHaveText(/^Permission is hereby granted[\s\S]{60}$/);
  await expect(panel(page, 'Right after the text')).toContainText('%');
  const sampled = await text.textContent();
  await page.getByRole('button', { name: 'Choose another seed' }).click();
  await write.click();
  await expect(text).not.toHaveText(sampled ?? '');
  await expect(write).toBeVisible();
  if (process.platform !== 'win32') {
    // A server that stands still writes nothing, for as long as somebody waits.
    const [deployment] = await call('deployments.list', {});
    process.kill(deployment?.processId ?? 0, 'SIGSTOP');
    try {
      await write.click();
      await expect(page.getByRole('button', { name: 'Stop writing' })).toBeFocused();
      await page.keyboard.press('Enter');
      await expect(write).toBeVisible();
    } finally {
      process.kill(deployment?.processId ?? 0, 'SIGCONT');
    }
    await write.click();
    await expect(text).toHaveText(/^Permission is hereby granted[\s\S]{60}$/);
  }
  await page.getByRole('textbox', { name: 'Temperature' }).fill('0');
  await expect(page.getByRole('textbox', { name: 'Seed' })).toHaveCount(0);
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(studio);
  }
});

test('pairs of sequences: what was written wrongly is seen in the evaluation', async ({ studio }) => {
  const { page, visit, call } = studio;
  const splits = { mode: 'stratified', validation: 0.1, test: 0.2, seed: 0 } as const;
  const options = { name: 'words', splits };
  await finish(call, (await call('datasets.import', { path: join(folder, 'words.csv'), options })).jobId);
  const runId = await trainModel(call, words);
  await visit(`/runs/${runId}/evaluation`);
  await expect(page.getByText('Token error rate')).toBeVisible();
  await expectAccessible(studio);
  await serveModel(call, runId, 'words');
});

test('a word of the dataset is sent, and comes back as it is spoken', async ({ studio }) => {
  const { page, visit } = studio;
  await visit('/deploy/words');
  await page.getByRole('button', { name: 'Send' }).click();
  const answer = panel(page, 'Answer');
  await expect(answer).toContainText('as token ids');
  await expectAccessible(studio);
  await page.getByRole('tab', { name: 'Prediction log' }).click();
  await expect(page.getByRole('row', { name: /v1.*200/ })).toBeVisible();
});

test('the settings say how much the prediction logs keep', async ({ studio }) => {
  const { page, visit, call } = studio;
  await visit('/settings/workspace');
  const limit = page.getByRole('textbox', { name: /^Requests kept per endpoint/ });
  const save = panel(page, 'Prediction logs').getByRole('button', { name: 'Save' });
  await expect(limit).toHaveValue('100,000');
  await expect(save).toBeDisabled();
  await limit.fill('500');
  await expect(save).toBeDisabled();
  await limit.fill('2000');
  await save.click();
  await expect.poll(async () => (await call('workspace.info', {})).predictionLogLimit).toBe(2000);
  await expect(save).toBeDisabled();
  await expectAccessible(studio);
  await visit('/activity');
  await expect(page.getByText('keep 2000 requests per endpoint instead of 100000')).toBeVisible();
});
