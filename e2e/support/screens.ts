import type { Page } from '@playwright/test';
import type { ProcedureInput, ProcedureName, ProcedureOutput } from '../../main/contract/index.ts';

/** What a row may use to find its subject. */
export interface Stage {
  readonly call: <N extends ProcedureName>(name: N, input: ProcedureInput<N>) => Promise<ProcedureOutput<N>>;
  /** Newest dataset version of each sample, by the name of its kind. */
  readonly digits: string;
  readonly penguins: string;
  readonly series: string;
}

export interface Screen {
  /** File name without extension. */
  readonly name: string;
  /** Path behind the hash. */
  readonly path: (stage: Stage) => string | Promise<string>;
  /** Clicks and keys before the picture is taken. */
  readonly prepare?: (page: Page, stage: Stage) => Promise<void>;
}

const labelSetName = 'First pass';

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
