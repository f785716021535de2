import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeDigits } from '../support/digits.ts';
import { expect, test } from '../support/studio.ts';

/** A network that left the studio as an ONNX file comes back and learns on. Each part needs the one before. */
test.describe.configure({ mode: 'serial' });

let source: string;
let file: string;
test.beforeAll(() => {
  source = mkdtempSync(join(tmpdir(), 'digits-'));
  file = join(source, 'network.onnx');
  writeDigits(source, 1000, 100);
});
test.afterAll(() => rmSync(source, { recursive: true, force: true }));

const yaml = `name: The first
task: image-classification
data: { dataset: few digits, batchSize: 50 }
model: { kind: cnn, channels: [8, 8], hidden: [24] }
optimizer: { kind: adam, learningRate: 0.003 }
training: { epochs: 2 }
`;

test('a model is trained, registered, and its file put somewhere', async ({ studio: { call, workspace } }) => {
  const { jobId } = await call('datasets.import', { path: source, options: { name: 'few digits' } });
  expect(await call('jobs.wait', { id: jobId, timeoutMs: 60_000 })).toMatchObject({ state: 'FINISHED' });
  const run = await call('training.start', { yaml });
  expect(await call('jobs.wait', { id: run.jobId, timeoutMs: 120_000 })).toMatchObject({ state: 'FINISHED' });
  const { onnxDigest } = await call('registry.register', { runId: run.runId, modelName: 'reader', description: '' });
  copyFileSync(join(workspace, 'artifacts', onnxDigest.slice(0, 2), onnxDigest.slice(2)), file);
});

test('the file is looked at, what of it learns is chosen, and the config trains', async ({
  studio: { page, visit, call },
}) => {
  await page.evaluate(
    (text) => localStorage.setItem('lightbench.train.draft', JSON.stringify({ yaml: text, origin: '' })),
    yaml.replace('The first', 'The second'),
  );
  await page.reload();
  await visit('/train');
  await page.getByRole('button', { name: 'Fine-tune ONNX' }).click();
  const dialog = page.getByRole('dialog', { name: 'Fine-tune an ONNX file' });
  const path = dialog.getByRole('textbox', { name: /Path on the machine/ });

  writeFileSync(join(source, 'broken.onnx'), 'This is no network.');
  await path.fill(join(source, 'broken.onnx'));
  await dialog.getByRole('button', { name: 'Look at it' }).click();
  await expect(dialog.getByText(/no ONNX file that can be read/)).toBeVisible();
  await dialog.getByRole('button', { name: 'Choose another' }).click();

  await path.fill(file);
  await dialog.getByRole('button', { name: 'Look at it' }).click();
  await expect(dialog.getByText('network.onnx')).toBeVisible();
  await dialog.getByRole('combobox', { name: 'What of the file learns' }).click();
  await page.getByRole('option', { name: /Low-rank adapters/ }).click();
  await dialog.getByRole('button', { name: 'Put into the config' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('region', { name: 'Architecture' })).toContainText('Imported');
  await page.getByRole('button', { name: 'Start run' }).click();
  await expect(page).toHaveURL(/\/runs\/run_/);
  const [run] = await call('runs.list', { limit: 1 });
  expect(run).toMatchObject({ name: 'The second', params: { 'model.kind': 'imported', 'model.lora.rank': 4 } });
  expect(await call('jobs.wait', { id: run.jobId, timeoutMs: 120_000 })).toMatchObject({ state: 'FINISHED' });
});

test('it leaves the studio with its adapters merged, and the proof that nothing changed', async ({
  studio: { call },
}) => {
  rmSync(file);
  const [run] = await call('runs.list', { limit: 1 });
  const { version } = await call('registry.register', { runId: run.id, modelName: 'reader', description: '' });
  const { jobId } = await call('bundles.export', { modelName: 'reader', version });
  expect(await call('jobs.wait', { id: jobId, timeoutMs: 120_000 })).toMatchObject({ state: 'FINISHED' });
  const bundles = await call('bundles.list', { modelName: 'reader' });
  expect(bundles[0].parity).toMatchObject({ passed: true });
});
