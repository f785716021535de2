import { expect, test } from '../support/studio.ts';

/** Two trained models become one. Each part needs the one before. */
test.describe.configure({ mode: 'serial' });

const yaml = (model: string) => `name: ${model.includes('wide') ? 'Wide' : 'Dense'}
task: table-classification
data: { dataset: penguins, batchSize: 32 }
model: ${model}
optimizer: { kind: adamw, learningRate: 0.01 }
training: { epochs: 8 }
`;

test('two models of different kinds are trained on one table', async ({ studio: { call } }) => {
  const { jobIds } = await call('samples.import', { ids: ['penguins'] });
  expect(await call('jobs.wait', { id: jobIds[0], timeoutMs: 60_000 })).toMatchObject({ state: 'FINISHED' });
  for (const model of ['{ kind: mlp, hidden: [16] }', '{ kind: wide_and_deep, hidden: [16] }']) {
    const { jobId } = await call('training.start', { yaml: yaml(model) });
    expect(await call('jobs.wait', { id: jobId, timeoutMs: 120_000 })).toMatchObject({ state: 'FINISHED' });
  }
});

test('they are chosen, stacked, and evaluated as one', async ({ studio: { page, visit, call } }) => {
  await visit('/train');
  await page.getByRole('button', { name: 'Combine' }).click();
  const dialog = page.getByRole('dialog', { name: 'Combine trained models' });
  await expect(dialog.getByRole('checkbox', { name: /Dense/ })).toBeChecked();
  await expect(dialog.getByRole('checkbox', { name: /Wide/ })).toBeChecked();
  await dialog.getByRole('checkbox', { name: /Wide/ }).uncheck();
  await expect(dialog.getByRole('button', { name: 'Put into the config' })).toBeDisabled();
  await dialog.getByRole('checkbox', { name: /Wide/ }).check();
  await dialog.getByText('Stacking').click();
  await dialog.getByRole('button', { name: 'Put into the config' }).click();
  await expect(dialog).toBeHidden();
  const architecture = page.getByRole('region', { name: 'Architecture' });
  await expect(architecture).toContainText('WideAndDeep members.');
  await page.getByRole('button', { name: 'Start run' }).click();
  await expect(page).toHaveURL(/\/runs\/run_/);
  const [run] = await call('runs.list', { limit: 1 });
  expect(run.params).toMatchObject({ 'model.kind': 'ensemble', 'model.combine': 'stacking' });
  expect(await call('jobs.wait', { id: run.jobId, timeoutMs: 120_000 })).toMatchObject({ state: 'FINISHED' });
  await page.getByRole('tab', { name: 'Evaluation' }).click();
  await expect(page.getByText('Confusion matrix')).toBeVisible();
});

test('it leaves the studio as one graph, with the proof that nothing changed', async ({ studio: { call } }) => {
  const [run] = await call('runs.list', { limit: 1 });
  const { version } = await call('registry.register', { runId: run.id, modelName: 'penguins', description: '' });
  const { jobId } = await call('bundles.export', { modelName: 'penguins', version });
  expect(await call('jobs.wait', { id: jobId, timeoutMs: 120_000 })).toMatchObject({ state: 'FINISHED' });
  const bundles = await call('bundles.list', { modelName: 'penguins' });
  expect(bundles[0].parity).toMatchObject({ passed: true });
});
