import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { writeDigits } from '../support/digits.ts';
import { expect, type Studio, test } from '../support/studio.ts';

/** Pictures are found by their neighbours. Each part needs the one before. */
test.describe.configure({ mode: 'serial' });

const yaml = `name: Neighbours
task: metric-learning
data: { dataset: few, batchSize: 40, itemsPerClass: 4 }
model: { kind: image_embedding, dimensions: 16, encoder: { kind: cnn, channels: [8], hidden: [32] } }
loss: { kind: info_nce }
optimizer: { kind: adamw, learningRate: 0.005 }
training: { epochs: 2 }
`;

async function violations({ page, door }: Studio): Promise<readonly string[]> {
  const found = await new AxeBuilder({ page }).setLegacyMode(door === 'desktop').analyze();
  return found.violations.map(({ id, help }) => `${id}: ${help}`);
}

test('the evaluation shows what lies nearest, and marks what is wrong', async ({ studio }) => {
  const { page, visit, call, workspace } = studio;
  const folder = join(workspace, 'few digits');
  writeDigits(folder, 600, 100);
  const imported = await call('datasets.import', { path: folder, options: { name: 'few' } });
  expect(await call('jobs.wait', { id: imported.jobId, timeoutMs: 60_000 })).toMatchObject({ state: 'FINISHED' });
  const { runId, jobId } = await call('training.start', { yaml });
  expect(await call('jobs.wait', { id: jobId, timeoutMs: 120_000 })).toMatchObject({ state: 'FINISHED' });
  await visit(`/runs/${runId}/evaluation`);
  const rows = page.locator('figure + ol');
  await expect(rows).toHaveCount(12);
  await expect(rows.first().getByRole('listitem')).toHaveCount(8);
  expect(await violations(studio)).toEqual([]);
  await page.getByRole('radiogroup', { name: 'Which pictures' }).getByText('Nearest one wrong').click();
  await expect(rows.first().getByRole('listitem').first().getByLabel('Wrong')).toBeVisible();
  const held = (await call('evaluation.list', { runId })).find(({ split }) => split === 'test')?.retrieval;
  const wrong = held?.examples.filter(({ label, neighbours }) => neighbours[0].label !== label) ?? [];
  await expect(rows).toHaveCount(Math.min(12, wrong.length));
  await rows.first().getByRole('link').first().click();
  await expect(page).toHaveURL(new RegExp(`item=${wrong[0].neighbours[0].index}`));
});

test('a served model answers with the pictures that lie nearest', async ({ studio }) => {
  const { page, visit, call } = studio;
  const [run] = await call('runs.list', { limit: 1 });
  const { version } = await call('registry.register', { runId: run.id, modelName: 'near', description: '' });
  const exported = await call('bundles.export', { modelName: 'near', version });
  expect(await call('jobs.wait', { id: exported.jobId, timeoutMs: 120_000 })).toMatchObject({ state: 'FINISHED' });
  const [bundle] = await call('bundles.list', { modelName: 'near' });
  expect(bundle.parity.passed).toBe(true);
  const deployed = await call('deployments.deploy', { endpoint: 'near', bundleDigest: bundle.digest });
  expect(await call('jobs.wait', { id: deployed.jobId, timeoutMs: 60_000 })).toMatchObject({ state: 'FINISHED' });
  await visit('/deploy/near');
  await page.getByLabel(/^Item, 0 to/).fill('650');
  await page.getByLabel(/^Item, 0 to/).press('Enter');
  await expect(page.getByRole('heading', { name: 'Nearest pictures' })).toBeVisible();
  await expect(page.getByText(/^of 159 in test and validation/)).toBeVisible();
  const answer = await call('deployments.predict', { endpoint: 'near', datasetDigest: run.datasetDigest, index: 650 });
  const marks = page.locator('[data-right]');
  await expect(marks).toHaveCount(12);
  const right = answer.nearest?.found.filter(({ label }) => label === answer.nearest?.label) ?? [];
  await expect(page.locator('[data-right="true"]')).toHaveCount(right.length);
  expect(await violations(studio)).toEqual([]);
});
