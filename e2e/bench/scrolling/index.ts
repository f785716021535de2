import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from '@playwright/test';
import { chromiumArguments, findChromium } from '../../support/chromium.ts';
import { startHeadless } from '../../support/headless.ts';
import { type MainThreadTask, mainThreadTasks } from '../../support/main-thread.ts';
import { makeManyRuns } from '../../support/many-runs.ts';
import { scrollThrough } from '../../support/scroll-through.ts';
import { finish } from '../../support/serve-model.ts';

const RUNS = 10_000;
/** What browsers call a long task (https://www.w3.org/TR/longtasks/). */
const LONG_MS = 50;

/**
 * How long the tasks of the window's main thread take while 70,000 images and 10,000 runs scroll by, and while the runs are
 * searched and sorted: time on a processor, and how many were long by the clock.
 */
export async function run(): Promise<void> {
  const workspace = mkdtempSync(path.join(tmpdir(), 'scrolling-'));
  const server = await startHeadless(workspace);
  const browser = await chromium.launch({ args: [...chromiumArguments], executablePath: findChromium() ?? undefined });
  try {
    const { jobIds } = await server.call('samples.import', { ids: ['digits'] });
    for (const id of jobIds) await finish(server.call, id);
    const [digits] = await server.call('datasets.list', {});
    await makeManyRuns(server.call, workspace, RUNS);
    const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
    await page.goto(server.url);
    const visit = async (hash: string, text: string) => {
      await page.evaluate((target) => {
        location.hash = target;
      }, hash);
      await page.getByText(text, { exact: true }).waitFor();
      await page.waitForLoadState('networkidle');
    };

    await visit(`/data/${digits?.versions[0]?.digest}`, '70,000 of 70,000');
    const images = await mainThreadTasks(page, () => scrollThrough(page.locator('[data-image-grid]'), 24));
    await visit('/runs', '10,000');
    const table = page.getByRole('grid', { name: 'Runs' });
    const runs = await mainThreadTasks(page, () => scrollThrough(table, 20));
    const search = page.getByRole('textbox', { name: 'Search runs' });
    const searched = await mainThreadTasks(page, async () => {
      await search.pressSequentially('run 09999', { delay: 40 });
      await page.getByText('1 of 10,000').waitFor();
    });
    await search.fill('');
    await page.getByText('10,000', { exact: true }).waitFor();
    const sorted = await mainThreadTasks(page, async () => {
      await table.getByRole('button', { name: /^Column Name:/ }).click();
      await page.getByRole('button', { name: 'Sort descending' }).click();
      await table.getByText('run 10000').waitFor();
    });
    const figures = Object.entries({ images, runs, searched, sorted }).map(([what, tasks]) => [what, figuresOf(tasks)]);
    process.stdout.write(`${JSON.stringify(Object.fromEntries(figures), null, 2)}\n`);
  } finally {
    await browser.close();
    await server.stop();
    rmSync(workspace, { recursive: true, force: true });
  }
}

function figuresOf(tasks: readonly MainThreadTask[]) {
  const processorMs = tasks.map(({ cpuMs }) => cpuMs).sort((a, b) => a - b);
  return {
    tasks: tasks.length,
    longestProcessorMs: processorMs.at(-1),
    percentile99ProcessorMs: processorMs[Math.floor(processorMs.length * 0.99)],
    longByTheClock: tasks.filter(({ durationMs }) => durationMs > LONG_MS).length,
  };
}
