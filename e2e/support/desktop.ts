import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { _electron, test as base, type ElectronApplication, type Page } from '@playwright/test';
import type { CallReply, DesktopBridge } from '../../main/contract/wire.ts';
import { sandboxArguments } from '../../resources/scripts/electron.ts';
import { openDisplay } from './display.ts';
import { electronRuntime } from './electron-runtime.ts';

export const root = path.resolve(import.meta.dirname, '../..');

declare global {
  interface Window {
    readonly lightbench?: DesktopBridge;
  }
}

export interface Desktop {
  readonly app: ElectronApplication;
  readonly page: Page;
}

export interface DesktopOptions {
  readonly args?: readonly string[];
  readonly userData?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Instead of the runtime with the repository: a packaged application. */
  readonly executable?: string;
}

interface Fixtures {
  /** An empty folder that goes away with the test. */
  readonly folder: string;
  /** Opens the studio in the real Electron; closed with the test. */
  readonly open: (options?: DesktopOptions) => Promise<Desktop>;
}
interface WorkerFixtures {
  readonly runtime: { readonly executable: string; readonly display: string };
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  runtime: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of wanted fixtures from this pattern
    async ({}, use) => {
      const runtime = electronRuntime();
      if (runtime.executable === null) {
        throw new Error(`These journeys need Electron, and ${runtime.reason}.`);
      }
      const display = await openDisplay();
      if (display === null) {
        throw new Error('These journeys need a display or Xvfb.');
      }
      await use({ executable: runtime.executable, display: display.name });
      display.close();
    },
    { scope: 'worker' },
  ],
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of wanted fixtures from this pattern
  folder: async ({}, use) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'lightbench-desktop-'));
    await use(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  },
  open: async ({ runtime, folder }, use) => {
    const opened: ElectronApplication[] = [];
    await use(async (options = {}) => {
      const app = await _electron.launch({
        executablePath: options.executable ?? runtime.executable,
        args: [
          ...(options.executable === undefined ? [root] : []),
          ...sandboxArguments(),
          '--disable-gpu',
          `--user-data-dir=${options.userData ?? path.join(folder, 'user-data')}`,
          ...(options.args ?? ['--workspace', path.join(folder, 'workspace')]),
        ],
        env: environmentFor(runtime.display, options.environment),
      });
      opened.push(app);
      const page = await app.firstWindow();
      await page.waitForURL((url) => url.href !== 'lightbench://shell/starting');
      return { app, page };
    });
    for (const app of opened) await app.close().catch(() => undefined);
  },
});

export { expect } from '@playwright/test';

export function environmentFor(display: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const entries = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...Object.fromEntries(entries), ...(display === '' ? {} : { DISPLAY: display }), ...more };
}

/** One call of the contract through the bridge of the preload script, from within the page. */
export function call(page: Page, procedure: string, input: unknown = {}): Promise<CallReply> {
  return page.evaluate(([name, value]) => window.lightbench!.call({ procedure: name, input: value }), [
    procedure,
    input,
  ] as const);
}

/** The result of a call that has to succeed. */
export async function result<T>(page: Page, procedure: string, input: unknown = {}): Promise<T> {
  const reply = await call(page, procedure, input);
  if (!reply.ok) throw new Error(`${procedure}: ${reply.error.code} ${reply.error.cause}`);
  return reply.result as T;
}

/** Process of the engine host that belongs to this shell (Linux). */
export function engineProcess(app: ElectronApplication): number {
  const shell = app.process().pid;
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const parent = /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1];
      if (Number(parent) === shell && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('engine-host'))
        return Number(name);
    } catch {
      // It ended while we looked.
    }
  }
  throw new Error('This shell has no engine host');
}
