import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectAccessible } from '../support/accessible.ts';
import { writeDigits } from '../support/digits.ts';
import { expect, test } from '../support/studio.ts';

test.describe.configure({ mode: 'serial' });

let source: string;
test.beforeAll(() => {
  source = mkdtempSync(join(tmpdir(), 'digits-'));
  writeDigits(source, 600, 100);
});
test.afterAll(() => rmSync(source, { recursive: true, force: true }));

test('a model of one’s own is written, its mistake marked and mended, looked at and trained', async ({ studio }) => {
  const { page, visit, call } = studio;
  const { jobId } = await call('datasets.import', { path: source, options: { name: 'own digits' } });
  expect(await call('jobs.wait', { id: jobId, timeoutMs: 60_000 })).toMatchObject({ state: 'FINISHED' });
  await visit('/train');
  await page.getByRole('combobox', { name: 'Template' }).click();
  await page.getByRole('option', { name: /^Your own model/ }).click();
  await page.getByText('models/image-net.ts •').click();
  const file = page.getByRole('textbox', { name: 'Model file, TypeScript: models/image-net.ts' });
  await expect(page.locator('.monaco-editor .view-lines').first()).toContainText('defineModel');
  const graph = page.getByRole('region', { name: 'Graph of the model' });
  await expect(graph.getByRole('button', { name: /^Conv2d/ }).first()).toBeVisible();

  await expect(page.locator('.squiggly-error')).toHaveCount(0);

  // What a word is, from its declaration.
  await page
    .locator('.view-line span', { hasText: /^MaxPool2d$/ })
    .first()
    .hover();
  const explained = page.locator('.monaco-hover', { hasText: 'class MaxPool2d' });
  await expect(explained).toBeVisible();
  await expectAccessible(studio);

  const { modelFile } =
    (await call('training.templates', {})).find(({ id }) => id === 'image-classification-own') ?? {};
  const text = modelFile?.text ?? '';
  const write = async (next: string) => {
    await file.focus();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText(next);
  };
  await write(text.replace('new Linear(128, classes)', 'new Linear(127, classes)'));
  const problems = page.getByRole('list', { name: 'Problems' });
  await expect(problems).toContainText('Linear takes 127 features, but its input is [batch,128].');
  await expect(problems).toContainText('models/image-net.ts:');
  await expect(page.locator('.squiggly-error').first()).toBeVisible();
  await write(text.replace('new MaxPool2d(2)', "new MaxPool2d('2')"));
  await expect(page.locator('.squiggly-error').first()).toBeVisible();
  await write(text);
  await expect(problems).toBeHidden();
  await expect(graph.getByRole('button', { name: /^Conv2d/ }).first()).toBeVisible();

  await page.getByRole('button', { name: 'Start run' }).click();
  await expect(page).toHaveURL(/runs\//);
  const [run] = await call('runs.list', {});
  await expect
    .poll(async () => (await call('runs.get', { runId: run?.id ?? '' })).run.status, { timeout: 120_000 })
    .toBe('FINISHED');
  expect((await call('runs.get', { runId: run?.id ?? '' })).modelFile?.path).toBe('models/image-net.ts');
  const saved = await call('modelFiles.read', { path: 'models/image-net.ts' });
  expect(saved?.text.replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));

  // An editor made after the first one with TypeScript in it: its features have what they need.
  await visit('/data');
  await visit('/train');
  await page.getByRole('combobox', { name: 'Template' }).click();
  await page
    .getByRole('option', { name: /^Convolutional/ })
    .first()
    .click();
  await expect(page.locator('.monaco-editor .view-lines').first()).toContainText('task:');
  await page.locator('.monaco-editor textarea, .monaco-editor [role=textbox]').first().focus();
  await page.keyboard.press('ArrowDown');
  await page.waitForTimeout(1_500);
});

test('it is explained, registered, and leaves the studio with the proof that it is what was trained', async ({
  studio: { page, visit, call },
}) => {
  const [run] = await call('runs.list', {});
  await visit(`/runs/${run?.id}/explanation`);
  for (const method of ['Integrated gradients', 'Grad-CAM', 'Saliency']) {
    await page.getByText(method, { exact: true }).first().click();
    await expect(page.getByText(/true class/).first()).toBeVisible();
    await expect(page.locator('canvas').first()).toBeVisible();
  }
  const { version } = await call('registry.register', { runId: run?.id ?? '', modelName: 'own', description: '' });
  const { jobId } = await call('bundles.export', { modelName: 'own', version });
  expect(await call('jobs.wait', { id: jobId, timeoutMs: 120_000 })).toMatchObject({ state: 'FINISHED' });
  const [bundle] = await call('bundles.list', { modelName: 'own' });
  expect(bundle?.parity).toMatchObject({ passed: true });
  await visit(`/deploy/bundles/${bundle?.digest}`);
  await expect(page.getByText('Answers like the trained model')).toBeVisible();
});
