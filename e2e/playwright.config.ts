import { defineConfig } from '@playwright/test';
import type { Door } from './support/studio.ts';

/** The same journeys through both windows. A project is left out with `--project`. */
export default defineConfig<object, { workerDoor: Door }>({
  testDir: 'journeys',
  outputDir: '../out/journeys',
  timeout: 180_000,
  expect: { timeout: 20_000 },
  workers: 1,
  fullyParallel: false,
  reporter: process.env.LIGHTBENCH_REPORT
    ? [['list'], ['json', { outputFile: process.env.LIGHTBENCH_REPORT }]]
    : [['list']],
  use: { actionTimeout: 20_000, screenshot: 'only-on-failure' },
  projects: [
    { name: 'browser', use: { workerDoor: 'browser' } },
    { name: 'desktop', use: { workerDoor: 'desktop' } },
  ],
});
