import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, chromium, _electron as electron, type Page } from '@playwright/test';
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
  /** Asks the engine behind the window, by the window's own way to it. */
  call<N extends ProcedureName>(name: N, input: ProcedureInput<N>): Promise<ProcedureOutput<N>>;
  /** Goes to a screen by its path: `/data`. */
  visit(path: string): Promise<void>;
}

export const test = base.extend<object, { workerDoor: Door; studio: Studio }>({
  workerDoor: ['browser', { option: true, scope: 'worker' }],
  // One studio and one workspace for all the journeys of a file: they follow each other like a day's work.
  studio: [
    async ({ workerDoor }, use) => {
      const workspace = mkdtempSync(join(tmpdir(), 'journey-'));
      const opened = workerDoor === 'browser' ? await openInBrowser(workspace) : await openInElectron(workspace);
      await opened.page.waitForSelector('nav');
      await use({
        ...opened,
        door: workerDoor,
        workspace,
        call: (name, input) => call(opened.page, name, input),
        visit: (path) => visit(opened.page, path),
      });
      await opened.close();
      rmSync(workspace, { recursive: true, force: true });
    },
    { scope: 'worker', timeout: 60_000 },
  ],
});

export { expect } from '@playwright/test';

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
