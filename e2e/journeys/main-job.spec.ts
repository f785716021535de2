import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeDigits } from '../support/digits.ts';
import { expect, test } from '../support/studio.ts';

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
  for (const key of ['5', '0', '4']) await page.keyboard.press(key);
  await expect(page.getByText('3 of 2,500 labelled')).toBeVisible();
  await page.keyboard.press('Control+z');
  await expect(page.getByText('2 of 2,500 labelled')).toBeVisible();
  await page.keyboard.press('Control+Shift+Z');
  await expect(page.getByText('3 of 2,500 labelled')).toBeVisible();
  await expect(page.getByText('Saved')).toBeVisible();
  const [set] = await call('labels.list', { datasetDigest: digest });
  expect((await call('labels.values', { labelSetId: set.id })).labels.slice(0, 4)).toEqual([5, 0, 4, -1]);
  const history = await call('labels.history', { labelSetId: set.id });
  expect(history.length).toBeGreaterThanOrEqual(4);
  const ledger = await call('ledger.list', { action: 'labels.changed' });
  expect(ledger).toHaveLength(history.length - 1);
});

async function smallDigits(call: import('../support/studio.ts').Studio['call']) {
  const dataset = (await call('datasets.list', {})).find((entry) => entry.name === 'small digits');
  if (dataset === undefined) throw new Error('The digits have not been imported');
  return dataset.versions[0];
}
