import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeDigits } from '../support/digits.ts';
import { dropFiles } from '../support/drop-files.ts';
import { expect, test } from '../support/studio.ts';
import { writeConfig } from '../support/write-config.ts';

/** One day's work, from an empty workspace to a model in service. Each part needs the one before. */
test.describe.configure({ mode: 'serial' });

let source: string;
test.beforeAll(() => {
  source = mkdtempSync(join(tmpdir(), 'digits-'));
  writeDigits(source, 2000, 500);
});
test.afterAll(() => rmSync(source, { recursive: true, force: true }));

test('first start: an empty workspace offers samples, and imports one', async ({ studio: { page } }) => {
  await expect(page.getByText('Start with data')).toBeVisible();
  const penguins = page.getByRole('region', { name: 'Palmer penguins' });
  await penguins.getByRole('button', { name: 'Import' }).click();
  await expect(page.getByText('1 dataset', { exact: true })).toBeVisible();
  await page.getByRole('link', { name: 'Look at the data' }).click();
  await expect(page.getByRole('link', { name: /penguins/ })).toBeVisible();
});

test('import: a path is inspected, adjusted, imported', async ({ studio: { page, visit } }) => {
  await visit('/data');
  await page.getByRole('button', { name: 'Import' }).click();
  const dialog = page.getByRole('dialog', { name: 'Import data' });
  await dialog.getByLabel('Path on the machine').fill(source);
  await dialog.getByLabel('Path on the machine').press('Enter');
  await expect(dialog.getByText('train, test')).toBeVisible();
  await dialog.getByRole('textbox', { name: 'Name' }).fill('small digits');
  await dialog.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(page.getByRole('link', { name: /small digits/ })).toBeVisible();
});

test('import: a folder is dropped on the window', async ({ studio: { page, visit, call } }) => {
  await visit('/data');
  await expect(page.getByRole('link', { name: /small digits/ })).toBeVisible();
  await dropFiles(page, [source]);
  const dialog = page.getByRole('dialog', { name: 'Import data' });
  await expect(dialog.getByText('train, test')).toBeVisible();
  await dialog.getByRole('textbox', { name: 'Name' }).fill('dropped digits');
  await dialog.getByRole('button', { name: 'Import', exact: true }).click();
  // The same pictures, whichever way they came, are the same version; who asked is told.
  await expect(page.getByText('The data is already here as small digits@1. Nothing was stored again.')).toBeVisible();
  expect((await call('datasets.list', {})).map(({ name }) => name).sort()).toEqual(['penguins', 'small digits']);
});

test('import: a path that does not exist is refused with what to do', async ({ studio: { page, visit } }) => {
  await visit('/data');
  await page.getByRole('button', { name: 'Import' }).click();
  const dialog = page.getByRole('dialog', { name: 'Import data' });
  await dialog.getByLabel('Path on the machine').fill('/no/such/folder');
  await dialog.getByLabel('Path on the machine').press('Enter');
  await expect(dialog.getByText('The file or folder does not exist')).toBeVisible();
  await expect(dialog.getByText('Check the path.')).toBeVisible();
  await page.keyboard.press('Escape');
});

test('look: filter the grid, open an item, walk to the next', async ({ studio: { page, visit, call } }) => {
  const { digest } = await smallDigits(call);
  await visit(`/data/${digest}`);
  await expect(page.getByText('2,500 of 2,500')).toBeVisible();
  await page.getByRole('button', { name: 'Class' }).click();
  await page.getByRole('checkbox', { name: '3' }).click();
  await page.keyboard.press('Escape');
  const { total, indices } = await call('datasets.items', { digest, filter: { labels: [3] } });
  await expect(page.getByText(`${total} of 2,500`)).toBeVisible();
  expect(page.url()).toContain('labels=3');
  await visit(`/data/${digest}?labels=3&item=${indices[0]}`);
  await expect(page.getByText(`1 of ${total}`)).toBeVisible();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByText(`2 of ${total}`)).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByText(`${total} of 2,500`)).toBeVisible();
});

test('label: keys set classes, undo and redo, every change is a version', async ({ studio: { page, visit, call } }) => {
  const { digest } = await smallDigits(call);
  await visit('/label');
  await page.getByRole('button', { name: 'New label set' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'New label set' });
  await dialog.getByRole('textbox', { name: 'Name' }).fill('second look');
  await dialog.getByRole('combobox', { name: 'Dataset version' }).click();
  await page.getByRole('option', { name: 'small digits v1' }).click();
  await dialog.getByText('No labels').click();
  await dialog.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByText('0 of 2,500 labelled')).toBeVisible();
  await expect(page.getByText('Item 0: unlabelled')).toBeVisible();
  const [{ id: labelSetId }] = await call('labels.list', { datasetDigest: digest });
  const versions = async () => (await call('labels.history', { labelSetId })).length;
  // Keys that come faster than the disk are stored together; one after the other, each is a version.
  for (const [place, key] of ['5', '0', '4'].entries()) {
    await page.keyboard.press(key);
    await expect.poll(versions).toBe(place + 2);
  }
  await expect(page.getByText('3 of 2,500 labelled')).toBeVisible();
  await page.keyboard.press('Control+z');
  await expect(page.getByText('2 of 2,500 labelled')).toBeVisible();
  await expect.poll(versions).toBe(5);
  await page.keyboard.press('Control+Shift+Z');
  await expect(page.getByText('3 of 2,500 labelled')).toBeVisible();
  await expect(page.getByText('Saved')).toBeVisible();
  await expect.poll(versions).toBe(6);
  expect((await call('labels.values', { labelSetId })).labels.slice(0, 4)).toEqual([5, 0, 4, -1]);
  const ledger = await call('ledger.list', { action: 'labels.changed' });
  expect(ledger).toHaveLength(5);
});

test('train: a misspelt key is marked with a suggestion, a sound config runs to its end', async ({
  studio: { page, visit, call },
}) => {
  test.setTimeout(400_000);
  await smallDigits(call);
  await visit('/train');
  await page.getByRole('combobox', { name: 'Dataset' }).click();
  await page.getByRole('option', { name: 'small digits@1' }).click();
  await expect(page.getByRole('region', { name: 'Architecture' }).getByText('Linear').first()).toBeVisible();
  await writeConfig(page, config('first').replace('optimizer:', 'optimiser:'));
  await expect(page.getByText(/optimizer/).first()).toBeVisible();
  await expect(page.getByText(/unknown key/i).first()).toBeVisible();
  await writeConfig(page, config('first'));
  await expect(page.getByRole('region', { name: 'Architecture' }).getByText('Conv2d').first()).toBeVisible();
  await page.getByRole('button', { name: /Start run/ }).click();
  await expect(page.getByRole('heading', { name: 'first', level: 1 })).toBeVisible();
  await expect(page.getByText('Finished').first()).toBeVisible({ timeout: 240_000 });
  const [run] = await call('runs.list', {});
  expect(run).toMatchObject({ name: 'first', status: 'FINISHED', datasetName: 'small digits@1' });
  expect(
    run.metrics['test.accuracy'] ?? Object.entries(run.metrics).find(([key]) => /test.*accuracy/.test(key))?.[1],
  ).toBeGreaterThan(0.8);
});

test('train: a run is paused and goes on to its end', async ({ studio: { page, visit, call } }) => {
  test.setTimeout(400_000);
  const { runId } = await call('training.start', { yaml: config('second').replace('epochs: 2', 'epochs: 12') });
  await visit(`/runs/${runId}`);
  await expect.poll(async () => (await call('runs.get', { runId })).run.step, { timeout: 120_000 }).toBeGreaterThan(0);
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByText('Paused').first()).toBeVisible({ timeout: 60_000 });
  const { step } = (await call('runs.get', { runId })).run;
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(page.getByText('Running').first()).toBeVisible({ timeout: 60_000 });
  await expect
    .poll(async () => (await call('runs.get', { runId })).run.step, { timeout: 120_000 })
    .toBeGreaterThan(step);
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByText('Finished').first()).toBeVisible({ timeout: 120_000 });
});

test('describe: a note and a tag are written beside a run, a wrong tag is refused', async ({
  studio: { page, visit, call },
}) => {
  const run = (await call('runs.list', {})).find(({ name }) => name === 'first');
  await visit(`/runs/${run?.id}`);
  await page.getByRole('button', { name: 'Edit' }).click();
  const dialog = page.getByRole('dialog', { name: 'Edit run' });
  await expect(dialog.getByRole('textbox', { name: 'Name' })).toHaveValue('first');
  await dialog.getByRole('textbox', { name: 'Note' }).fill('The learning rate of the paper.');
  const tags = dialog.getByRole('textbox', { name: 'Tags' }).or(dialog.getByRole('combobox', { name: 'Tags' }));
  await tags.fill('north');
  await tags.press('Enter');
  await expect(dialog.getByText('“north” is not of the form key=value.')).toBeVisible();
  await expect(dialog.getByRole('button', { name: 'Save' })).toBeDisabled();
  await tags.press('Backspace');
  await tags.fill('site=north');
  await tags.press('Enter');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText('The learning rate of the paper.')).toBeVisible();
  await expect(page.getByText('site=north')).toBeVisible();
  expect((await call('runs.get', { runId: run?.id ?? '' })).run).toMatchObject({
    name: 'first',
    note: 'The learning rate of the paper.',
    tags: { site: 'north' },
  });
});

test('compare: two runs side by side, and the images behind a cell of the confusion matrix', async ({
  studio: { page, visit, call },
}) => {
  await visit('/runs');
  await page.getByRole('checkbox', { name: 'Select first' }).check();
  await page.getByRole('checkbox', { name: 'Select second' }).check();
  await page
    .getByRole('link', { name: /Compare/ })
    .or(page.getByRole('button', { name: /Compare/ }))
    .first()
    .click();
  await expect(page.getByRole('tab').first()).toBeVisible();
  await expect(page.getByText('second').first()).toBeVisible();
  const run = (await call('runs.list', {})).find(({ name }) => name === 'first');
  await visit(`/runs/${run?.id}/evaluation`);
  await page.getByRole('link', { name: /of 0 predicted as 0: show the images/ }).click();
  await expect(page).toHaveURL(/predicted=0/);
  await expect(page.getByText(/of 2,500/)).toBeVisible();
});

test('explain: a heatmap with a line that says what it is', async ({ studio: { page, visit, call } }) => {
  const run = (await call('runs.list', {})).find(({ name }) => name === 'first');
  await visit(`/runs/${run?.id}/explanation`);
  for (const method of ['Integrated gradients', 'Grad-CAM', 'Saliency']) {
    await page.getByText(method, { exact: true }).first().click();
    await expect(page.getByText(/true class/).first()).toBeVisible();
    await expect(page.locator('canvas').first()).toBeVisible();
  }
  await expect(page.getByText(/It shows what the model is sensitive to/)).toBeVisible();
});

test('approve: registered, asked for, signed by somebody else, rolled out', async ({
  studio: { page, visit, call },
}) => {
  await call('users.create', {
    name: 'grace',
    displayName: 'Grace',
    roles: ['approver'],
    password: 'a long enough one',
  });
  const run = (await call('runs.list', {})).find(({ name }) => name === 'first');
  await visit(`/runs/${run?.id}`);
  await page.getByRole('button', { name: 'Register model' }).click();
  const register = page.getByRole('dialog', { name: 'Register as a model version' });
  await register
    .getByRole('combobox', { name: 'Model' })
    .or(register.getByRole('textbox', { name: 'Model' }))
    .first()
    .fill('digit-reader');
  await register.getByRole('button', { name: 'Register' }).click();
  await expect.poll(async () => (await call('registry.list', {})).length).toBe(1);
  await visit('/models/digit-reader/1');
  await page.getByRole('button', { name: 'Promote …' }).click();
  const promote = page.getByRole('dialog', { name: /Promote version 1/ });
  await promote.getByText('production', { exact: true }).click();
  await promote.getByRole('textbox', { name: 'Why' }).fill('Good enough for the test');
  await promote.getByRole('button', { name: 'Ask for approval' }).click();
  await visit('/review');
  await page.getByRole('textbox', { name: 'Comment' }).fill('Looked at the mistakes');
  await page.getByRole('combobox', { name: 'Signed by' }).click();
  await page.getByRole('option', { name: 'Grace' }).click();
  await page.getByLabel('Password', { exact: true }).fill('not the one');
  await page.getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByText('The name or the password is wrong').first()).toBeVisible();
  await page.getByLabel('Password', { exact: true }).fill('a long enough one');
  await page.getByRole('button', { name: 'Approve' }).click();
  await expect.poll(async () => (await call('registry.list', {}))[0].aliases.production).toBe(1);
});

test('deploy: a bundle with its certificate, a server that answers, and back to the version before', async ({
  studio: { page, visit, call },
}) => {
  test.setTimeout(300_000);
  const { digest } = await smallDigits(call);
  await visit('/models/digit-reader/1');
  await page.getByRole('button', { name: 'Export bundle' }).click();
  await page.getByRole('link', { name: 'Bundle & deploy' }).click({ timeout: 120_000 });
  await expect(page.getByText(/proved|passed|parity/i).first()).toBeVisible();
  await page.getByRole('button', { name: 'Deploy' }).click();
  const dialog = page.getByRole('dialog');
  await dialog
    .getByRole('combobox', { name: 'Endpoint' })
    .or(dialog.getByRole('textbox', { name: 'Endpoint' }))
    .first()
    .fill('reader');
  await dialog.getByRole('button', { name: 'Deploy', exact: true }).click();
  await expect.poll(async () => (await call('deployments.list', {}))[0]?.state, { timeout: 60_000 }).toBe('READY');
  await visit('/deploy/reader');
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.getByText(/ ms/).first()).toBeVisible();
  const answer = await call('deployments.predict', { endpoint: 'reader', datasetDigest: digest, index: 0 });
  expect(answer).toMatchObject({ version: 1, classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] });

  const second = (await call('runs.list', {})).find(({ name }) => name === 'second');
  await call('registry.register', { runId: second?.id ?? '', modelName: 'digit-reader' });
  const { jobId } = await call('bundles.export', { modelName: 'digit-reader', version: 2 });
  expect(await call('jobs.wait', { id: jobId })).toMatchObject({ state: 'FINISHED' });
  const bundle = (await call('bundles.list', {})).find(({ version }) => version === 2);
  const deploy = await call('deployments.deploy', { endpoint: 'reader', bundleDigest: bundle?.digest ?? '' });
  expect(await call('jobs.wait', { id: deploy.jobId })).toMatchObject({ state: 'FINISHED' });
  expect((await call('deployments.predict', { endpoint: 'reader', datasetDigest: digest, index: 0 })).version).toBe(2);
  await page.getByRole('button', { name: 'Roll back to v1' }).click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /Roll back/ })
    .click();
  await expect
    .poll(
      async () => (await call('deployments.predict', { endpoint: 'reader', datasetDigest: digest, index: 0 })).version,
    )
    .toBe(1);
});

test('watch: the ledger tells the whole day, and what is damaged is found', async ({
  studio: { page, visit, call, workspace },
}) => {
  await visit('/activity');
  for (const line of [
    /imported small digits@1/,
    /started the run first/,
    /approved the request/,
    /deployed digit-reader v1/,
  ])
    await expect(page.getByText(line).first()).toBeVisible();
  await page.getByRole('button', { name: 'Verify' }).click();
  await expect(page.getByText(/intact|unbroken|verified|whole/i).first()).toBeVisible();
  expect(await call('ledger.verify', {})).toMatchObject({ intact: true });
  expect((await call('workspace.verify', {})).problems).toEqual([]);

  const [bundle] = await call('bundles.list', {});
  appendFileSync(join(workspace, bundle.path, 'model-card.md'), 'An afterthought.');
  const { problems } = await call('workspace.verify', {});
  expect(problems).toMatchObject([{ subject: bundle.digest, detail: expect.stringContaining('model-card.md') }]);
});

/** A small convolutional network that learns the small digits in seconds. */
function config(name: string): string {
  return `name: ${name}
task: image-classification
seed: 1
data:
  dataset: small digits
  batchSize: 64
model:
  kind: cnn
  channels: [8, 16]
  hidden: [32]
optimizer:
  kind: adamw
  learningRate: 0.003
training:
  epochs: 2
  checkpointEverySteps: 20
`;
}

async function smallDigits(call: import('../support/studio.ts').Studio['call']) {
  const dataset = (await call('datasets.list', {})).find((entry) => entry.name === 'small digits');
  if (dataset === undefined) throw new Error('The digits have not been imported');
  return dataset.versions[0];
}
