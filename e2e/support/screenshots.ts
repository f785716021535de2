import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from '@playwright/test';
import { chromium } from '@playwright/test';
import { chromiumArguments, findChromium } from './chromium.ts';
import { contractAt, startHeadless } from './headless.ts';
import { screens } from './screens.ts';
import type { Stage } from './stage.ts';

/**
 * A picture of every screen in both themes and two sizes, under out/screenshots/<theme>-<size>/.
 *   node e2e/support/screenshots.ts [--workspace DIR] [--url URL] [--only NAME,NAME] [--theme light|dark] [--axe]
 * Without a workspace it makes one from the samples. With --axe it also reports what axe-core finds.
 */
const sizes = [
  { name: '1440x900', width: 1440, height: 900 },
  { name: '1100x700', width: 1100, height: 700 },
] as const;
const themes = ['light', 'dark'] as const;
const outputFolder = join(import.meta.dirname, '..', '..', 'out', 'screenshots');
const settleMs = 700;
const importTimeoutMs = 300_000;

const option = (name: string): string | undefined => {
  const place = process.argv.indexOf(`--${name}`);
  return place < 0 ? undefined : process.argv[place + 1];
};

const executablePath = findChromium();
if (executablePath === null) {
  console.error('Chromium is needed for screenshots: npx playwright install chromium, or apt-get install chromium.');
  process.exit(1);
}
const workspace = option('workspace') ?? (await mkdtemp(join(tmpdir(), 'lightbench-screens-')));
const running = option('url');
const server =
  running === undefined
    ? await startHeadless(workspace)
    : { url: running, call: contractAt(running), stop: async () => undefined };
let failures = 0;
try {
  const stage = await setStage(server.call);
  const browser = await chromium.launch({ executablePath, args: chromiumArguments });
  for (const theme of themes.filter((name) => option('theme') === undefined || option('theme') === name))
    for (const size of sizes) await shoot(browser, stage, theme, size);
  await browser.close();
} finally {
  await server.stop();
  if (option('workspace') === undefined && option('url') === undefined)
    await rm(workspace, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;

async function shoot(browser: Browser, stage: Stage, theme: (typeof themes)[number], size: (typeof sizes)[number]) {
  const folder = join(outputFolder, `${theme}-${size.name}`);
  await mkdir(folder, { recursive: true });
  const context = await browser.newContext({ viewport: size, colorScheme: theme, reducedMotion: 'reduce' });
  const only = option('only')?.split(',');
  const page = await context.newPage();
  page.on('pageerror', (error) => complain(`${theme} ${size.name}: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') complain(`${theme} ${size.name}: ${message.text()}`);
  });
  await page.goto(server.url);
  for (const screen of screens) {
    if (only !== undefined && !only.includes(screen.name)) continue;
    const path = await screen.path(stage);
    await page.evaluate((hash) => {
      window.location.hash = hash;
    }, path);
    await page.reload();
    await page.waitForLoadState('networkidle').catch(() => undefined);
    await page.waitForTimeout(settleMs);
    await screen.prepare?.(page, stage);
    await page.waitForTimeout(settleMs);
    await page.screenshot({ path: join(folder, `${screen.name}.png`) });
    if (process.argv.includes('--axe')) await examine(page, `${theme} ${size.name} ${screen.name}`);
    console.error(`${theme} ${size.name} ${screen.name}`);
  }
  await context.close();
}

async function examine(page: import('@playwright/test').Page, title: string): Promise<void> {
  const { default: AxeBuilder } = await import('@axe-core/playwright');
  // Monaco marks itself up in its own way.
  const { violations } = await new AxeBuilder({ page }).exclude('.monaco-editor').analyze();
  for (const { id, impact, nodes } of violations)
    complain(
      `${title}: ${id} (${impact}) ${nodes
        .map((node) => node.target.join(' '))
        .slice(0, 4)
        .join(' | ')}`,
    );
}

function complain(text: string): void {
  failures += 1;
  console.error(`  ! ${text}`);
}

async function setStage(call: Stage['call']): Promise<Stage> {
  const missing = (await call('samples.list', {})).filter((sample) => !sample.imported).map((sample) => sample.id);
  if (missing.length > 0) {
    const { jobIds } = await call('samples.import', { ids: missing });
    for (const id of jobIds) {
      const job = await call('jobs.wait', { id, timeoutMs: importTimeoutMs });
      if (job.state !== 'FINISHED') throw new Error(`${job.title}: ${job.error?.cause ?? job.state}`);
    }
  }
  const datasets = await call('datasets.list', {});
  const newest = (name: string) => {
    const digest = datasets.find((dataset) => dataset.name === name)?.versions[0]?.digest;
    if (digest === undefined) throw new Error(`The workspace holds no dataset called ${name}`);
    return digest;
  };
  return { call, digits: newest('digits'), penguins: newest('penguins'), series: newest('mr-series') };
}
