import { defineConfig } from '@playwright/test';
import type { Door } from './support/studio.ts';

const heavy = process.env.LIGHTBENCH_HEAVY === '1';
const ignored = heavy ? [] : ['**/*.heavy.spec.ts'];
/** Going through every template takes a quarter of an hour: in one window, where all suites together must come to an end. */
const inOneWindow = process.env.CI === undefined ? [] : ['**/templates.heavy.spec.ts'];

/** The same journeys through both windows, and what only the desktop shell has. A project is chosen with `--project`. */
export default defineConfig<object, { workerDoor: Door }>({
  outputDir: '../out/journeys',
  timeout: heavy ? 1_200_000 : 180_000,
  expect: { timeout: 20_000 },
  // One at a time: each starts an engine, and training wants the machine for itself.
  workers: 1,
  fullyParallel: false,
  reporter: process.env.LIGHTBENCH_REPORT
    ? [['list'], ['json', { outputFile: process.env.LIGHTBENCH_REPORT }]]
    : [['list']],
  testMatch: heavy ? '**/*.heavy.spec.ts' : '**/*.spec.ts',
  testIgnore: ignored,
  use: { actionTimeout: 20_000, screenshot: 'only-on-failure' },
  projects: [
    { name: 'browser', testDir: 'journeys', use: { workerDoor: 'browser' } },
    {
      name: 'desktop',
      testDir: 'journeys',
      testIgnore: [...ignored, ...inOneWindow],
      use: { workerDoor: 'desktop' },
    },
    { name: 'shell', testDir: 'desktop' },
  ],
});
