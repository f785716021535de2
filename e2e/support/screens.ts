import type { Page } from '@playwright/test';
import type { Stage } from './stage.ts';
import {
  exportedBundle,
  maskRun,
  otherEndpoint,
  otherRun,
  servingEndpoint,
  trainedRuns,
  versionPath,
} from './trained-stage.ts';

export interface Screen {
  /** File name without extension. */
  readonly name: string;
  /** Path behind the hash. */
  readonly path: (stage: Stage) => string | Promise<string>;
  /** Clicks and keys before the picture is taken. */
  readonly prepare?: (page: Page, stage: Stage) => Promise<void>;
}

const labelSetName = 'First pass';

async function runPath(stage: Stage, tab = ''): Promise<string> {
  const [run] = await trainedRuns(stage);
  return `/runs/${run?.id}${tab}`;
}

async function comparePath(stage: Stage): Promise<string> {
  const runs = await trainedRuns(stage);
  return `/runs/compare?ids=${runs.map(({ id }) => id).join(',')}`;
}

const editorLine = '.monaco-editor .view-line';

async function labelSetId(stage: Stage): Promise<string> {
  const known = await stage.call('labels.list', { datasetDigest: stage.digits });
  const set =
    known.find((candidate) => candidate.name === labelSetName) ??
    (await stage.call('labels.create', { datasetDigest: stage.digits, name: labelSetName, startFrom: 'imported' }));
  return encodeURIComponent(set.id);
}

/** Every screen of the studio. One row, one picture per theme and size. */
export const screens: readonly Screen[] = [
  { name: 'home', path: () => '/' },
  { name: 'data', path: () => '/data' },
  { name: 'data-import', path: () => '/data?import' },
  { name: 'data-grid', path: (stage) => `/data/${stage.digits}` },
  {
    name: 'data-grid-selection',
    path: (stage) => `/data/${stage.digits}?splits=test&labels=3,8`,
    prepare: async (page) => {
      const grid = page.locator('[data-image-grid]');
      await grid.focus();
      await grid.press('ArrowDown');
      await grid.press('Space');
      for (let step = 0; step < 5; step += 1) await grid.press('Shift+ArrowRight');
    },
  },
  { name: 'data-item', path: (stage) => `/data/${stage.digits}?item=7` },
  { name: 'data-quality', path: (stage) => `/data/${stage.digits}?tab=quality` },
  { name: 'data-schema', path: (stage) => `/data/${stage.digits}?tab=schema` },
  { name: 'data-metadata', path: (stage) => `/data/${stage.digits}?tab=metadata` },
  { name: 'data-lineage', path: (stage) => `/data/${stage.digits}?tab=lineage` },
  { name: 'data-table', path: (stage) => `/data/${stage.penguins}` },
  { name: 'data-volume', path: (stage) => `/data/${stage.series}` },
  {
    name: 'label',
    path: async (stage) => {
      await labelSetId(stage);
      return '/label';
    },
  },
  { name: 'label-one', path: async (stage) => `/label/${await labelSetId(stage)}` },
  { name: 'label-grid', path: async (stage) => `/label/${await labelSetId(stage)}?view=grid` },
  {
    name: 'train',
    path: (stage) => `/train?dataset=${stage.digits}`,
    prepare: async (page) => void (await page.waitForSelector(editorLine)),
  },
  {
    name: 'train-suggestions',
    path: (stage) => `/train?dataset=${stage.digits}`,
    prepare: async (page) => {
      await page.locator(editorLine, { hasText: 'learningRate' }).click();
      await page.keyboard.press('End');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Control+Space');
      await page.waitForSelector('.suggest-widget.visible');
    },
  },
  {
    name: 'train-own-model',
    path: (stage) => `/train?dataset=${stage.digits}`,
    prepare: async (page) => {
      await page.getByRole('combobox', { name: 'Template' }).click();
      await page.getByRole('option', { name: /^Your own model/ }).click();
      const discard = page.getByRole('button', { name: 'Start over' });
      if (await discard.isVisible()) await discard.click();
      await page
        .getByText(/models\/image-net\.ts/)
        .first()
        .click();
      await page.waitForSelector(editorLine);
      await page.waitForSelector('[aria-label="Graph of the model"] button');
    },
  },
  {
    name: 'train-fine-tune',
    path: async (stage) => {
      await versionPath(stage);
      return `/train?dataset=${stage.digits}`;
    },
    prepare: async (page) => {
      await page.getByRole('button', { name: 'Fine-tune ONNX' }).click();
      const dialog = page.getByRole('dialog', { name: 'Fine-tune an ONNX file' });
      await dialog.getByText('A registered model').click();
      await dialog.getByRole('combobox', { name: 'Model' }).fill('digit-reader@1');
      await page.getByRole('option', { name: 'digit-reader@1' }).click();
      await dialog.getByRole('button', { name: 'Put into the config' }).waitFor();
    },
  },
  {
    name: 'runs',
    path: async (stage) => {
      await trainedRuns(stage);
      return '/runs';
    },
  },
  { name: 'run', path: (stage) => runPath(stage) },
  { name: 'run-evaluation', path: (stage) => runPath(stage, '/evaluation') },
  {
    name: 'run-explanation',
    path: (stage) => runPath(stage, '/explanation'),
    prepare: async (page) => {
      await page.getByText('Integrated gradients').click();
      await page.getByText('speaks against').waitFor();
    },
  },
  { name: 'run-masks', path: async (stage) => `/runs/${(await maskRun(stage)).id}/evaluation` },
  {
    name: 'run-neighbours',
    path: async (stage) => `/runs/${(await otherRun(stage, 'finder')).id}/evaluation`,
    prepare: async (page) => page.getByText('Nearest one wrong').click(),
  },
  { name: 'run-sequences', path: async (stage) => `/runs/${(await otherRun(stage, 'speaker')).id}/evaluation` },
  { name: 'run-layers', path: (stage) => runPath(stage, '/layers') },
  { name: 'run-log', path: (stage) => runPath(stage, '/log') },
  { name: 'run-config', path: (stage) => runPath(stage, '/config') },
  { name: 'compare', path: (stage) => comparePath(stage) },
  {
    name: 'compare-figures',
    path: (stage) => comparePath(stage),
    prepare: async (page) => page.getByRole('tab', { name: 'Figures & settings' }).click(),
  },
  {
    name: 'compare-pair',
    path: (stage) => comparePath(stage),
    prepare: async (page) => {
      await page.getByRole('tab', { name: 'Two runs in detail' }).click();
      await page.waitForSelector('.monaco-diff-editor .view-line');
    },
  },
  {
    name: 'models',
    path: async (stage) => {
      await versionPath(stage);
      return '/models';
    },
  },
  { name: 'model', path: async (stage) => (await versionPath(stage)).replace(/\/1$/, '') },
  { name: 'model-version', path: (stage) => versionPath(stage) },
  { name: 'model-lineage', path: async (stage) => `${await versionPath(stage)}?tab=lineage` },
  {
    name: 'deploy',
    path: async (stage) => {
      await servingEndpoint(stage);
      return '/deploy';
    },
  },
  { name: 'bundle', path: async (stage) => `/deploy/bundles/${await exportedBundle(stage)}` },
  {
    name: 'endpoint',
    path: (stage) => servingEndpoint(stage),
    prepare: async (page) => {
      await page.getByRole('button', { name: 'Send' }).click();
      await page.getByText('Answer', { exact: true }).waitFor();
    },
  },
  {
    name: 'endpoint-drawing',
    path: (stage) => otherEndpoint(stage, 'drawer'),
    prepare: async (page) => {
      await page.getByRole('button', { name: 'Draw' }).click();
      await page.getByRole('img', { name: /that the model drew/ }).waitFor();
    },
  },
  {
    name: 'endpoint-text',
    path: (stage) => otherEndpoint(stage, 'writer'),
    prepare: async (page) => {
      await page.getByRole('textbox', { name: 'Text' }).fill('Permission is hereby granted, ');
      await page.getByRole('button', { name: 'Write' }).click();
      await page.getByText('What it writes').waitFor();
    },
  },
  {
    name: 'endpoint-neighbours',
    path: (stage) => otherEndpoint(stage, 'finder'),
    prepare: async (page) => {
      await page.getByLabel(/^Item, 0 to/).fill('69999');
      await page.getByRole('button', { name: 'Send' }).click();
      await page.getByRole('heading', { name: 'Nearest pictures' }).waitFor();
    },
  },
  {
    name: 'endpoint-node',
    path: (stage) => otherEndpoint(stage, 'people'),
    prepare: async (page) => {
      await page.getByRole('button', { name: 'Send' }).click();
      await page.getByText('Answer', { exact: true }).waitFor();
    },
  },
  {
    name: 'endpoint-diffusion',
    path: (stage) => otherEndpoint(stage, 'diffuser'),
    prepare: async (page) => {
      await page.getByRole('button', { name: 'Draw' }).click();
      await page.getByRole('img', { name: /that the model drew/ }).waitFor();
    },
  },
  {
    name: 'endpoint-sequence',
    path: (stage) => otherEndpoint(stage, 'speaker'),
    prepare: async (page) => {
      await page.getByRole('button', { name: 'Send' }).click();
      await page.getByText('Answer', { exact: true }).waitFor();
    },
  },
  {
    name: 'bundle-drawing',
    path: async (stage) => {
      await otherEndpoint(stage, 'drawer');
      const [bundle] = await stage.call('bundles.list', { modelName: 'drawer' });
      return `/deploy/bundles/${bundle?.digest}`;
    },
  },
  { name: 'endpoint-log', path: async (stage) => `${await servingEndpoint(stage)}/log` },
  { name: 'endpoint-curl', path: async (stage) => `${await servingEndpoint(stage)}/curl` },
  { name: 'review', path: () => '/review?show=all' },
  {
    name: 'activity',
    path: () => '/activity',
    prepare: async (page) => page.locator('section section button').first().click(),
  },
  { name: 'settings-people', path: () => '/settings/people' },
  { name: 'settings-devices', path: () => '/settings/devices' },
  { name: 'settings-workspace', path: () => '/settings/workspace' },
  { name: 'settings-appearance', path: () => '/settings/appearance' },
  {
    name: 'command-palette',
    path: () => '/data',
    prepare: async (page) => page.keyboard.press('Control+k'),
  },
  {
    name: 'shortcuts',
    path: (stage) => `/data/${stage.digits}`,
    prepare: async (page) => page.keyboard.press('?'),
  },
];
