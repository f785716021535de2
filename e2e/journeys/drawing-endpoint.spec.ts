import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expectAccessible } from '../support/accessible.ts';
import { writeDigits } from '../support/digits.ts';
import { finish, serveModel, trainModel } from '../support/serve-model.ts';
import { expect, test } from '../support/studio.ts';

/** Models that draw are tried behind their endpoints. Each part needs the one before. */
test.describe.configure({ mode: 'serial' });

let source: string;
test.beforeAll(() => {
  source = mkdtempSync(join(tmpdir(), 'digits-'));
  writeDigits(source, 500, 100);
});
test.afterAll(() => rmSync(source, { recursive: true, force: true }));

const models = {
  variational: '{ kind: vae, latent: 8, hidden: [64], conditional: true, temperature: 0.8 }',
  adversarial: '{ kind: gan, latent: 16, channels: [4, 8] }',
  diffusion: '{ kind: diffusion, steps: 20, channels: [4, 8], conditional: true }',
};
const yaml = (model: string) => `task: image-generation
data: { dataset: few digits, batchSize: 50 }
model: ${model}
optimizer: { kind: adamw, learningRate: 0.002 }
training: { epochs: 1 }
`;

const sheet = (page: Page) => page.getByRole('img', { name: /that the model drew/ });
const pixels = (page: Page) => sheet(page).evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());

test('an autoencoder, a GAN and a diffusion model are trained and served', async ({ studio: { call } }) => {
  await finish(call, (await call('datasets.import', { path: source, options: { name: 'few digits' } })).jobId);
  for (const [name, model] of Object.entries(models)) await serveModel(call, await trainModel(call, yaml(model)), name);
  expect((await call('deployments.list', {})).map(({ state }) => state)).toEqual(['READY', 'READY', 'READY']);
});

test('an autoencoder draws the classes in turn, then one of them; the same seed draws the same', async ({ studio }) => {
  const { page, visit } = studio;
  await visit('/deploy');
  await page.getByRole('link', { name: 'variational', exact: true }).click();
  await page.getByRole('button', { name: 'Draw' }).click();
  await expect(page.getByText('From the left: 0, 1, 2')).toBeVisible();
  const first = await pixels(page);
  await expectAccessible(studio);

  const draw = async (count: number) => {
    await page.getByRole('textbox', { name: 'Pictures, 1 to 64' }).fill(String(count));
    await page.getByRole('button', { name: 'Draw' }).click();
    await expect(page.getByRole('heading', { name: `${count} pictures` })).toBeVisible();
  };
  await page.getByRole('combobox', { name: 'Class' }).click();
  await page.getByRole('option', { name: '3', exact: true }).click();
  await draw(7);
  await expect(page.getByText('All were to be 3.')).toBeVisible();
  await page.getByRole('textbox', { name: 'Seed' }).fill('5');
  await draw(8);
  const other = await pixels(page);
  await draw(9);
  await draw(8);
  expect(await pixels(page)).toBe(other);
  await page.getByRole('combobox', { name: 'Class' }).click();
  await page.getByRole('option', { name: 'each in turn' }).click();
  await page.getByRole('textbox', { name: 'Seed' }).fill('0');
  await draw(20);
  expect(await pixels(page)).toBe(first);
  await page.getByRole('button', { name: 'Request as it went over HTTP' }).click();
  await expect(page.getByText('"temperature"')).toBeVisible();
});

test('a GAN without classes is asked for none', async ({ studio: { page, visit } }) => {
  await visit('/deploy/adversarial');
  await page.getByRole('button', { name: 'Draw' }).click();
  await expect(page.getByRole('heading', { name: '16 pictures' })).toBeVisible();
  await expect(page.getByRole('combobox', { name: 'Class' })).toHaveCount(0);
  await expect(page.getByText('From the left')).toHaveCount(0);
});

test('a diffusion model takes the steps and goes beyond the class as far as it is told, in both themes', async ({
  studio,
}) => {
  const { page, visit } = studio;
  await visit('/deploy/diffusion');
  await page.getByRole('textbox', { name: 'Pictures, 1 to 64' }).fill('10');
  await page.getByRole('button', { name: 'Draw' }).click();
  await expect(sheet(page)).toBeVisible();
  const usual = await pixels(page);
  await page.getByRole('textbox', { name: 'Guidance' }).fill('0');
  await page.getByRole('button', { name: 'Draw' }).click();
  await expect.poll(() => pixels(page)).not.toBe(usual);
  const unguided = await pixels(page);
  const steps = page.getByRole('textbox', { name: 'Steps, 1 to 20' });
  await expect(steps).toHaveValue('20');
  await steps.fill('5');
  await page.getByRole('button', { name: 'Draw' }).click();
  await expect.poll(() => pixels(page)).not.toBe(unguided);
  await page.getByRole('button', { name: 'Request as it went over HTTP' }).click();
  await expect(page.getByText(/"name": "steps"/)).toBeVisible();
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(studio);
  }
});

test('an endpoint that is stopped says so, and draws again once it is started', async ({ studio: { page } }) => {
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByText('The endpoint does not serve at the moment. Start it to try it.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Draw' })).toBeDisabled();
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByRole('button', { name: 'Draw' }).click();
  await expect(sheet(page)).toBeVisible();
});
