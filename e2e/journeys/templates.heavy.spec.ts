import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import type { DatasetVersion } from '../../main/contract/datasets.ts';
import type { Run, Template } from '../../main/contract/training.ts';
import { writeDigits } from '../support/digits.ts';
import { expect, type Studio, test } from '../support/studio.ts';
import { writeConfig } from '../support/write-config.ts';

/** Every template that the studio offers goes from the choice to an evaluation, in the window. */
test.describe.configure({ mode: 'serial', timeout: 1_800_000 });

const penguins = join(import.meta.dirname, '../../node_modules/vega-datasets/data/penguins.json');
const runTimeoutMs = 600_000;
/** Of the words that are spoken, every hundredth; of the mails, the beginning of every thirtieth. */
const wordsApart = 100;
const mailsApart = 30;
const mailLength = 1000;

interface Mail {
  readonly text: string;
  readonly label: string;
}

/** At most so much of each, in the text of a config; rows of numbers are quickly learned from. */
const most = (kind: DatasetVersion['kind'], task: string) => ({
  epochs: kind === 'table' && !/text|language/.test(task) ? 20 : 3,
  warmupSteps: 2,
  length: 64,
  decay: 0.9,
});

/** What a few steps on real data leave of each figure; of others, that they are numbers. */
const sane: Readonly<Record<string, (value: number, run: Run, dataset: DatasetVersion) => boolean>> = {
  'test.accuracy': (value, { task }, { classes }) =>
    value > (task.endsWith('-classification') ? 1.2 / classes.length : 0.05) && value <= 1,
  'test.perplexity': (value) => value > 1 && value < 100,
  'test.token_error_rate': (value) => value > 0 && value < 2,
  'test.r2': (value) => value > -1 && value <= 1,
  'test.mae': (value, { metrics }) => value > 0 && value < 4 * (metrics['test.naive_mae'] ?? Number.POSITIVE_INFINITY),
  'test.mean_iou': (value) => value > 0.05 && value <= 1,
  'test.recall_at_1': (value, _, { classes }) => value > 1.2 / classes.length && value <= 1,
  'test.map_at_r': (value, { metrics }) => value > 0 && value <= (metrics['test.r_precision'] ?? 0),
  'test.average_precision': (value) => value >= 0 && value <= 1,
  'test.confident_share': (value) => value >= 0 && value <= 1,
};

test('what the templates learn from is imported in the window', async ({
  studio: { page, visit, call, workspace },
}) => {
  const digits = join(workspace, 'few digits');
  writeDigits(digits, 1000, 200);
  await visit('/');
  // A picture without a label teaches nobody, and 70,000 digits would take hours.
  const wanted = (await call('samples.list', {})).filter(({ id }) => id !== 'mr-series' && id !== 'digits');
  for (const { title } of wanted) {
    const card = page.getByRole('region', { name: title, exact: true });
    await card.getByRole('button', { name: 'Import' }).click();
    await expect(card).toBeHidden({ timeout: 60_000 });
  }
  const sounds = readFileSync(join(workspace, 'samples/pronunciations/pronunciations.csv'), 'utf8').split('\n');
  const fewSounds = join(workspace, 'few sounds.csv');
  writeFileSync(fewSounds, sounds.filter((_line, place) => place % wordsApart === 0).join('\n'));
  const mails = JSON.parse(readFileSync(join(workspace, 'samples/mails/mails.json'), 'utf8')) as Mail[];
  const some = mails.filter((_mail, place) => place % mailsApart === 0);
  const fewMails = join(workspace, 'few mails.json');
  writeFileSync(fewMails, JSON.stringify(some.map(({ text, label }) => ({ text: text.slice(0, mailLength), label }))));
  await importInWindow(page, visit, digits, 'few digits');
  await importInWindow(page, visit, fewMails, 'few mails', 'label');
  await importInWindow(page, visit, fewSounds, 'few sounds');
  await importInWindow(page, visit, penguins, 'penguins-mass', 'Body Mass (g)');
  await expect.poll(async () => (await call('datasets.list', {})).length).toBe(wanted.length + 4);
});

test('every template is chosen, shortened, previewed, trained and evaluated', async ({ studio }) => {
  const done = new Set<string>();
  const failures: string[] = [];
  for (let next = await undone(studio, done); next !== undefined; next = await undone(studio, done)) {
    const { template, dataset } = next;
    done.add(template.id);
    const begun = Date.now();
    try {
      if (dataset === undefined) throw new Error('No dataset of this journey fits it: import one above');
      await test.step(template.id, () => goThrough(studio, template, dataset));
    } catch (error) {
      failures.push(`${template.id}: ${(error as Error).message.split('\n').slice(0, 6).join(' ')}`);
    }
    failures.push(...studio.pageErrors.splice(0).map((message) => `${template.id}: uncaught ${message}`));
    process.stdout.write(`    ${template.id} on ${dataset?.name}: ${((Date.now() - begun) / 1000).toFixed(0)} s\n`);
  }
  expect([...done].filter((id) => id.endsWith('-ensemble')).length).toBeGreaterThan(3);
  expect(failures).toEqual([]);
});

test('a trained model comes back as an ONNX file, and learns on', async ({ studio }) => {
  const { page, visit, call, workspace } = studio;
  const run = (await call('runs.list', {})).find(({ params }) => params['model.kind'] === 'cnn');
  const dataset = await call('datasets.get', { digest: run?.datasetDigest ?? '' });
  const { onnxDigest } = await call('registry.register', { runId: run?.id ?? '', modelName: 'cnn', description: '' });
  const file = join(workspace, 'network.onnx');
  copyFileSync(join(workspace, 'artifacts', onnxDigest.slice(0, 2), onnxDigest.slice(2)), file);
  await visit(`/train?run=${run?.id}`);
  await page.getByRole('button', { name: 'Fine-tune ONNX' }).click();
  const dialog = page.getByRole('dialog', { name: 'Fine-tune an ONNX file' });
  await dialog.getByRole('textbox', { name: /Path on the machine/ }).fill(file);
  await dialog.getByRole('button', { name: 'Look at it' }).click();
  await dialog.getByRole('button', { name: 'Put into the config' }).click();
  await expect(page.getByRole('region', { name: 'Architecture' })).toContainText('Imported');
  await startAndLook(studio, run?.name ?? '', dataset);
});

interface Choice {
  readonly template: Template;
  /** The smallest that it is offered for. */
  readonly dataset: DatasetVersion | undefined;
}

/** A template that was not tried yet; those that finished runs bring come last. */
async function undone({ call }: Studio, done: ReadonlySet<string>): Promise<Choice | undefined> {
  const datasets = (await call('datasets.list', {}))
    .flatMap(({ versions }) => versions.slice(-1))
    .sort((a, b) => a.rows - b.rows);
  const choices: Choice[] = (await call('training.templates', {})).map((template) => ({
    template,
    dataset: undefined,
  }));
  for (const dataset of datasets)
    for (const template of await call('training.templates', { datasetDigest: dataset.digest })) {
      const place = choices.findIndex((choice) => choice.template.id === template.id);
      if (place === -1) choices.push({ template, dataset });
      else if (choices[place].dataset === undefined) choices[place] = { template, dataset };
    }
  return choices.find(({ template }) => !done.has(template.id));
}

async function goThrough(studio: Studio, template: Template, dataset: DatasetVersion): Promise<void> {
  const { page, visit } = studio;
  await visit('/train');
  await choose(page, 'Dataset', page.getByRole('option', { name: `${dataset.name}@${dataset.version}`, exact: true }));
  await choose(
    page,
    'Template',
    page
      .getByRole('option')
      .filter({ has: page.getByText(template.title, { exact: true }) })
      .filter({ hasText: template.description }),
  );
  const editor = page.getByRole('region', { name: 'Config' }).locator('.monaco-editor').first();
  await expect(editor).toContainText(`task: ${template.task}`.replaceAll(' ', '\u00a0'));
  const name = `The ${template.id}`;
  const yaml = Object.entries(most(dataset.kind, template.task))
    .reduce(
      (text, [key, limit]) =>
        text.replace(new RegExp(`\\b${key}: ([\\d.]+)`), (_, value) => `${key}: ${Math.min(limit, Number(value))}`),
      template.yaml,
    )
    // Half as wide.
    .replace(
      /channels: \[([\d, ]+)\]/,
      (_, all: string) => `channels: [${all.split(',').map((each) => Number(each) / 2)}]`,
    );
  await writeConfig(page, `name: ${name}\n${yaml}`);
  await startAndLook(studio, name, dataset, !template.id.endsWith('-ensemble'));
}

/** From a sound config to its evaluation. @param learns an average of trained models does not */
async function startAndLook(
  { page, call }: Studio,
  name: string,
  dataset: DatasetVersion,
  learns = true,
): Promise<void> {
  const architecture = page.getByRole('region', { name: 'Architecture' });
  await expect(architecture.getByText('before the last change')).toBeHidden();
  await expect(architecture.getByText('Parameters', { exact: true })).toBeVisible();
  await expect(architecture.getByRole('button').first()).toBeVisible();
  await page.getByRole('button', { name: 'Start run' }).click();
  await expect(page.getByRole('heading', { name, level: 1 })).toBeVisible({ timeout: 60_000 });
  const [{ id: runId }] = await call('runs.list', { limit: 1 });
  const state = async () => (await call('runs.get', { runId })).run.status;
  await expect.poll(state, { timeout: runTimeoutMs, intervals: [500] }).toMatch(/FINISHED|FAILED|KILLED/);
  const { run } = await call('runs.get', { runId });
  expect({ name: run.name, status: run.status, error: run.error }).toEqual({ name, status: 'FINISHED', error: null });
  await expect(page.getByText('Finished', { exact: true }).first()).toBeVisible();
  expect(run.step > 0).toBe(learns);
  if (learns) await expect(page.getByRole('region', { name: 'Loss', exact: true }).locator('canvas')).toBeVisible();
  else await expect(page.getByText('No curves', { exact: true })).toBeVisible();
  const series = await call('runs.metrics', { runIds: [runId] });
  const values = series.filter(({ key }) => key.endsWith('loss')).flatMap((curve) => curve.values);
  expect(values.length > 0).toBe(learns);
  expect(values.filter((value) => !Number.isFinite(value))).toEqual([]);

  await page.getByRole('tab', { name: 'Evaluation' }).click();
  await expect(page.getByText('Evaluated', { exact: true })).toBeVisible();
  await expect(page.locator('[data-page-content]').getByText(/\bNaN\b/)).toHaveCount(0);
  const figures = Object.entries(run.metrics).filter(([key]) => key.startsWith('test.'));
  expect(figures.length).toBeGreaterThan(1);
  const wrong = figures.filter(([key, value]) => !Number.isFinite(value) || sane[key]?.(value, run, dataset) === false);
  expect(wrong).toEqual([]);
}

async function choose(page: Page, label: string, option: Locator): Promise<void> {
  await page.getByRole('combobox', { name: label }).click();
  await option.click();
}

async function importInWindow(
  page: Page,
  visit: Studio['visit'],
  path: string,
  name: string,
  label?: string,
): Promise<void> {
  await visit('/data');
  await page.getByRole('button', { name: 'Import' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Import data' });
  await dialog.getByLabel('Path on the machine').fill(path);
  await dialog.getByLabel('Path on the machine').press('Enter');
  await dialog.getByRole('textbox', { name: 'Name' }).fill(name);
  if (label !== undefined) {
    await dialog.getByText('Draw', { exact: true }).click();
    await dialog.getByRole('combobox', { name: 'Label column' }).click();
    await page.getByRole('option', { name: label, exact: true }).click();
  }
  await dialog.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(page.getByRole('link', { name: new RegExp(`^${name}`) })).toBeVisible({ timeout: 60_000 });
}
