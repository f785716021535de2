import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectAccessible } from '../support/accessible.ts';
import { writeDigits } from '../support/digits.ts';
import { expect, test } from '../support/studio.ts';

/** What a person asks of a model before and while it is trained. Each part needs the one before. */
test.describe.configure({ mode: 'serial' });

let source: string;
test.beforeAll(() => {
  source = mkdtempSync(join(tmpdir(), 'digits-'));
  writeDigits(source, 1000, 100);
});
test.afterAll(() => rmSync(source, { recursive: true, force: true }));

const yaml = (dataset: string) => `name: Looked at
task: image-classification
data: { dataset: ${dataset}, batchSize: 50 }
model: { kind: resnet, channels: [8, 16], blocks: 1, norm: batch }
optimizer: { kind: adam, learningRate: 0.001 }
training: { epochs: 3 }
`;

test('the architecture is a graph that opens and closes, by mouse and by keyboard, with a table beside it', async ({
  studio,
}) => {
  const { page, visit, call } = studio;
  const { jobId } = await call('datasets.import', { path: source, options: { name: 'few digits' } });
  expect(await call('jobs.wait', { id: jobId, timeoutMs: 60_000 })).toMatchObject({ state: 'FINISHED' });
  await page.evaluate(
    (text) => localStorage.setItem('lightbench.train.draft', JSON.stringify({ yaml: text, origin: '' })),
    yaml('few digits'),
  );
  await page.reload();
  await visit('/train');
  const graph = page.getByRole('region', { name: 'Graph of the model' });
  await expect(graph.getByRole('button', { name: /^Add/ }).first()).toBeVisible();
  await page.getByRole('button', { name: 'Close all' }).click();
  await expect(graph.getByRole('button', { name: /^Add/ })).toHaveCount(0);
  await graph.getByRole('button', { name: /^x/ }).focus();
  await page.keyboard.press('ArrowDown');
  await expect(graph.getByRole('button', { name: /^Conv2d/ }).first()).toBeFocused();
  const residual = graph.getByRole('button', { name: /^Residual/ }).first();
  await residual.focus();
  await page.keyboard.press('Enter');
  await expect(graph.getByRole('button', { name: /^Add/ })).toHaveCount(1);
  await expectAccessible(studio);
  await page.getByText('Table', { exact: true }).click();
  await expect(page.getByRole('columnheader', { name: 'Parameters' })).toBeVisible();
  await page.getByText('Graph', { exact: true }).click();
  await expect(graph).toBeVisible();
});

test('a learning rate is found and put into the config; one batch is learned by heart', async ({
  studio: { page },
}) => {
  await page.getByRole('button', { name: 'Find rate' }).click();
  const found = page.getByRole('dialog', { name: 'Find a learning rate' });
  const use = found.getByRole('button', { name: /^Use .* steepest descent$/ });
  await expect(use).toBeVisible({ timeout: 60_000 });
  const rate = /^Use (\S+)/.exec((await use.textContent()) ?? '')?.[1] ?? '';
  expect(Number(rate)).toBeGreaterThan(1e-4);
  await use.click();
  await expect(found).toBeHidden();
  await expect(page.locator('.monaco-editor .view-lines')).toContainText(String(Number(rate)));
  await page.getByRole('button', { name: 'Overfit one batch' }).click();
  const fit = page.getByRole('dialog', { name: 'Learn one batch by heart' });
  await expect(fit.getByText('50 samples', { exact: false })).toBeVisible({ timeout: 60_000 });
  await page.keyboard.press('Escape');
});

test('the page of a run shows its layers over time', async ({ studio: { page, visit, call } }) => {
  const { runId, jobId } = await call('training.start', { yaml: yaml('few digits') });
  expect(await call('jobs.wait', { id: jobId, timeoutMs: 120_000 })).toMatchObject({ state: 'FINISHED' });
  await visit(`/runs/${runId}/layers`);
  await expect(page.getByRole('row', { name: /Linear/ })).toBeVisible();
  await page.getByRole('combobox', { name: 'Figure' }).click();
  await page.getByRole('option', { name: 'Dead units' }).click();
  await expect(page.getByRole('row', { name: /ReLU|Conv2d/ }).first()).toContainText('%');
});
