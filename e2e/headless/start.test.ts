import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
/** It may have to build first. */
const limitMs = 180_000;

let folder: string;
let started: ChildProcessByStdio<null, Readable, Readable> | undefined;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'start-'));
});
afterEach(() => {
  started?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** `npm start` on a machine without a display. */
function start(environment: Readonly<Record<string, string>>): {
  url: Promise<URL>;
  said(): string;
  end: Promise<unknown>;
} {
  const inherited: NodeJS.ProcessEnv = { ...process.env, ...environment };
  if (environment.DISPLAY === undefined) delete inherited.DISPLAY;
  delete inherited.WAYLAND_DISPLAY;
  const child = spawn(
    process.execPath,
    [
      path.join(root, 'resources/scripts/entry.js'),
      'resources/scripts/start.ts',
      '--workspace',
      path.join(folder, 'w'),
    ],
    { env: inherited, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  started = child;
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const end = new Promise((resolve) => child.once('exit', resolve));
  const url = new Promise<URL>((resolve, reject) => {
    child.stdout.setEncoding('utf8').once('data', (line: string) => resolve(new URL(JSON.parse(line).url)));
    child.once('exit', (code) => reject(new Error(`It ended with ${code}: ${said}`)));
  });
  return { url, said: () => said, end };
}

describe.skipIf(process.platform !== 'linux')('npm start', () => {
  it(
    'serves the studio to a browser where there is no display, says why, and ends on Ctrl-C',
    async () => {
      const { url, said, end } = start({});
      const address = await url;
      expect(said()).toContain('The window cannot be opened: there is no display here;');
      expect(address.hostname).toBe('127.0.0.1');
      expect((await fetch(address.origin)).status).toBe(403);
      const page = await fetch(address.origin, {
        headers: { authorization: `Bearer ${address.searchParams.get('token')}` },
      });
      expect(await page.text()).toContain('<div id="root">');
      expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
      started?.kill('SIGINT');
      expect(await end).toBe(0);
    },
    limitMs,
  );

  it(
    'says what is wrong with an Electron that is named',
    async () => {
      const missing = path.join(folder, 'no-electron');
      const { url, said } = start({ DISPLAY: ':99', LIGHTBENCH_ELECTRON: missing, BROWSER: 'true' });
      await url;
      expect(said()).toContain(`LIGHTBENCH_ELECTRON names ${missing}, which does not exist; correct it or unset it.`);
    },
    limitMs,
  );
});
