import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, chromium, _electron as electron, expect, type Page } from '@playwright/test';
import type { ProcedureInput, ProcedureName, ProcedureOutput } from '../../main/contract/index.ts';
import { sandboxArguments } from '../../resources/scripts/electron.ts';
import { chromiumArguments, findChromium } from './chromium.ts';
import { environmentFor } from './desktop.ts';
import { openDisplay } from './display.ts';
import { electronRuntime } from './electron-runtime.ts';
import { startHeadless } from './headless.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Which window a journey runs in: both show the same studio and pass the same journeys. */
export type Door = 'browser' | 'desktop';

export interface Studio {
  readonly door: Door;
  readonly page: Page;
  readonly workspace: string;
  /** Errors that nothing in the page caught, so far. A journey that ends with one has failed. */
  readonly pageErrors: string[];
  /** Asks the engine behind the window, by the window's own way to it. */
  call<N extends ProcedureName>(name: N, input: ProcedureInput<N>): Promise<ProcedureOutput<N>>;
  /** Goes to a screen by its path: `/data`. */
  visit(path: string): Promise<void>;
}

/** Gives each file of journeys a studio and a workspace of its own; a worker may run several files. */
interface Stage {
  of(file: string): Promise<Studio>;
}

export const test = base.extend<{ studio: Studio }, { workerDoor: Door; stage: Stage }>({
  workerDoor: ['browser', { option: true, scope: 'worker' }],
  stage: [
    async ({ workerDoor }, use) => {
      const open = new Map<string, OpenStudio>();
      const closeAll = async () => {
        for (const { close } of open.values()) await close();
        open.clear();
      };
      await use({
        of: async (file) => {
          const known = open.get(file);
          if (known !== undefined) return known.studio;
          await closeAll();
          const opened = await openStudio(workerDoor);
          open.set(file, opened);
          return opened.studio;
        },
      });
      await closeAll();
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  // The journeys of a file follow each other like a day's work.
  studio: async ({ stage }, use, { file }) => {
    const studio = await stage.of(file);
    await use(studio);
    expect(studio.pageErrors.splice(0)).toEqual([]);
  },
});

export { expect } from '@playwright/test';

interface OpenStudio {
  readonly studio: Studio;
  close(): Promise<void>;
}

async function openStudio(door: Door): Promise<OpenStudio> {
  const workspace = mkdtempSync(join(tmpdir(), 'journey-'));
  const opened = door === 'browser' ? await openInBrowser(workspace) : await openInElectron(workspace);
  const { page } = opened;
  const pageErrors: string[] = [];
  page.on('pageerror', (error) => pageErrors.push(error.message));
  await page.waitForSelector('nav');
  return {
    studio: {
      door,
      page,
      workspace,
      pageErrors,
      call: (name, input) => call(page, name, input),
      visit: (path) => visit(page, path),
    },
    close: async () => {
      await opened.close();
      rmSync(workspace, { recursive: true, force: true });
    },
  };
}

interface Opened {
  readonly page: Page;
  close(): Promise<void>;
}

async function openInBrowser(workspace: string): Promise<Opened> {
  const server = await startHeadless(workspace);
  const browser = await chromium.launch({ args: [...chromiumArguments], executablePath: findChromium() ?? undefined });
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.goto(server.url);
  return {
    page,
    close: async () => {
      await browser.close();
      await server.stop();
    },
  };
}

async function openInElectron(workspace: string): Promise<Opened> {
  const runtime = electronRuntime();
  if (runtime.executable === null) throw new Error(runtime.reason);
  const display = await openDisplay();
  if (display === null) throw new Error('There is neither a display nor Xvfb');
  const userData = mkdtempSync(join(tmpdir(), 'journey-user-'));
  const application = await electron.launch({
    executablePath: runtime.executable,
    args: [ROOT, ...sandboxArguments(), '--disable-gpu', `--user-data-dir=${userData}`, '--workspace', workspace],
    env: environmentFor(display.name),
  });
  const page = await application.firstWindow();
  return {
    page,
    close: async () => {
      await application.close();
      display.close();
      rmSync(userData, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function call<N extends ProcedureName>(
  page: Page,
  procedure: N,
  input: ProcedureInput<N>,
): Promise<ProcedureOutput<N>> {
  const reply = await page.evaluate(
    async (message) => {
      const bridge = (window as unknown as { lightbench?: { call(message: unknown): Promise<unknown> } }).lightbench;
      if (bridge) return bridge.call(message);
      return (
        await fetch('/api/call', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(message),
        })
      ).json();
    },
    { procedure, input },
  );
  const { ok, result, error } = reply as { ok: boolean; result: ProcedureOutput<N>; error: { cause: string } };
  if (!ok) throw new Error(error.cause);
  return result;
}

async function visit(page: Page, path: string): Promise<void> {
  await page.evaluate((target) => {
    location.hash = `#${target}`;
  }, path);
}
