import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildStale } from '../build/build.ts';
import { findElectron, sandboxArguments } from './electron.ts';

/**
 * `npm start`: the studio in its window where there is a display and an Electron; otherwise in the browser. Arguments are
 * those of `lightbench open` (`--workspace DIR`, `--port N`), and `--browser` for the browser in any case.
 */
const root = path.resolve(import.meta.dirname, '../..');
/** An Electron that ends this early did not open a window: a system library is missing, or the display is not there. */
const startMs = 10_000;
const downloadLimitMs = 300_000;

const wantsBrowser = process.argv.includes('--browser');
const args = process.argv.slice(2).filter((argument) => argument !== '--browser');

await buildStale();
const lacking = wantsBrowser ? null : await openWindow();
if (lacking !== null) say(`The window cannot be opened: ${lacking} The studio opens in the browser instead.`);
if (wantsBrowser || lacking !== null) await openBrowserMode();

/** Null when the window was open; otherwise why it was not, and what to do, in one sentence. */
async function openWindow(): Promise<string | null> {
  if (!hasDisplay()) return 'there is no display here; start it on a desktop, or under `xvfb-run -a`.';
  let found = findElectron(root, process.env);
  if (found.executable === null && !process.env.LIGHTBENCH_ELECTRON && (await download()))
    found = findElectron(root, process.env);
  if (found.executable === null && process.env.LIGHTBENCH_ELECTRON) return `${found.reason}; correct it or unset it.`;
  if (found.executable === null)
    return `${found.reason}; run \`npx install-electron\` where github.com can be reached, or name one with LIGHTBENCH_ELECTRON.`;

  const sandbox = sandboxArguments();
  if (sandbox.length > 0)
    say("As root the window runs without Chromium's sandbox; use an ordinary account for real work.");
  const started = Date.now();
  // A group of its own: the terminal's Ctrl-C then reaches it once, through us.
  const child = spawn(found.executable, [root, ...sandbox, ...args], {
    stdio: 'inherit',
    detached: process.platform !== 'win32',
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill('SIGTERM'));
  const end = await new Promise<{ readonly code: number | null; readonly problem: string | null }>((resolve) => {
    child.once('error', (error) => resolve({ code: null, problem: error.message }));
    child.once('exit', (code, signal) =>
      resolve({ code, problem: code === 0 ? null : `${found.executable} ended with ${signal ?? code}` }),
    );
  });
  if (end.problem !== null && Date.now() - started < startMs)
    return `${end.problem}; what it said above names what is missing (on Debian: \`apt-get install libgtk-3-0 libnss3 libasound2 libgbm1 libxss1 libnotify4 libsecret-1-0\`).`;
  process.exitCode = end.code ?? 1;
  return null;
}

function hasDisplay(): boolean {
  return process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}

/** Electron's npm package comes without its binaries and knows where to get them. */
async function download(): Promise<boolean> {
  const installer = path.join(root, 'node_modules/electron/install.js');
  if (!existsSync(installer)) return false;
  const source = process.env.ELECTRON_MIRROR ?? process.env.npm_config_electron_mirror ?? 'https://github.com';
  try {
    // Asked first, because the installer itself waits for a very long time where nothing answers.
    await fetch(source, { method: 'HEAD', signal: AbortSignal.timeout(5000) });
  } catch {
    return false;
  }
  say('Downloading Electron, once (about 110 MB)');
  const child = spawn(process.execPath, [installer], {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: downloadLimitMs,
  });
  return new Promise((resolve) => {
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}

/** In this very process, so that a signal ends the engine itself and not only its parent. */
async function openBrowserMode(): Promise<void> {
  const program = path.join(root, 'out/engine/cli.mjs');
  process.argv.splice(1, process.argv.length, program, 'open', ...args, ...(hasDisplay() ? [] : ['--no-browser']));
  await import(pathToFileURL(program).href);
}

function say(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}
