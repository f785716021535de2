import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ElectronStandIn } from './electron-stand-in.ts';
import type { EngineLink } from './engine-link.ts';
import { HostLink } from './host-link.ts';
import { nodeHost, utilityHost } from './host-process.ts';
import { RemoteLink } from './remote-link.ts';
import { type ShellParts, startShell } from './shell.ts';

const engineHost = path.resolve(import.meta.dirname, '../server/engine-host.ts');
/** Gives the program it is told to run a `process.parentPort`, as Electron's utility process does. */
const utilityProgram = `
import { pathToFileURL } from 'node:url';
process.parentPort = {
  postMessage: (message) => process.send(message),
  on: (_name, listener) => process.on('message', (data) => listener({ data })),
};
process.argv.splice(1, 1);
await import(pathToFileURL(process.argv[1]).href);
`;

let folder: string;
let electron: ElectronStandIn;
let killEngine: () => void;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'shell-'));
  electron = new ElectronStandIn(path.join(folder, 'user-data'));
  writeFileSync(path.join(folder, 'utility.mjs'), utilityProgram);
});
afterEach(async () => {
  if (electron.app.exitCode === null) {
    const exited = once(electron.app, 'exited');
    electron.app.quit();
    await exited;
  }
  rmSync(folder, { recursive: true, force: true });
});

function start(changes: Partial<ShellParts> = {}, engine: 'node' | 'utility' = 'node'): Promise<void> {
  const parts = electron.parts(path.join(folder, 'utility.mjs'));
  return startShell({
    electron: parts,
    args: ['--workspace', 'workspace'],
    workingFolder: folder,
    environment: {},
    platform: 'linux',
    builtFolder: path.resolve(import.meta.dirname, '../../out'),
    startEngine: async (workspaceFolder, log): Promise<EngineLink> => {
      const program = { path: engineHost, args: ['--workspace', workspaceFolder], log };
      const host = engine === 'node' ? nodeHost(process.execPath, program) : utilityHost(parts.utilityProcess, program);
      killEngine = host.kill;
      return new HostLink(host);
    },
    connectEngine: (address) => new RemoteLink(address),
    ...changes,
  });
}

/** A machine under load starts a process in seconds. */
function eventually(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 20_000 });
}

function call(procedure: string, input: unknown = {}): Promise<unknown> {
  return electron.ipc.invoke('lightbench:call', { procedure, input });
}

describe('the desktop shell', () => {
  for (const kind of ['node', 'utility'] as const)
    it(`opens a workspace with the engine in a ${kind} process and answers the page`, async () => {
      await start({}, kind);
      const [window] = electron.windows;
      expect(window?.webContents.url).toBe('lightbench://app/');
      expect(window?.title).toBe('workspace – Lightbench');
      expect(window?.shown).toBe(1);
      expect(window?.options).toMatchObject({
        minWidth: 1100,
        minHeight: 700,
        backgroundColor: '#101114',
        webPreferences: { sandbox: true, contextIsolation: true, nodeIntegration: false },
      });
      expect(await call('workspace.info')).toMatchObject({
        ok: true,
        result: { path: path.join(folder, 'workspace') },
      });
      expect(await call('workspace.inform')).toMatchObject({ ok: false, error: { code: 'request.unknown_procedure' } });
      const asset = await electron.request('lightbench://app/asset/none?x=1');
      expect(asset.status).toBe(404);
    });

  it('hears only the application’s own page, and only the contract', async () => {
    await start();
    const message = { procedure: 'workspace.info', input: {} };
    for (const from of ['lightbench://shell/problem', 'https://example.org/', 'lightbench://application/'])
      expect(await electron.ipc.invoke('lightbench:call', message, from)).toMatchObject({
        ok: false,
        error: { code: 'access.door_closed' },
      });
    expect(await electron.ipc.invoke('lightbench:call', { input: {} })).toMatchObject({
      ok: false,
      error: { code: 'request.invalid' },
    });
    electron.answers.folders.push('/chosen');
    expect(await electron.ipc.invoke('lightbench:choose-path', 'socket')).toBeNull();
    expect(await electron.ipc.invoke('lightbench:choose-path', 'folder')).toBe('/chosen');
  });

  it('carries streams to the page and ends them with it', async () => {
    await start();
    const { webContents } = electron.windows[0]!;
    const subscribe = (id: string): void =>
      electron.ipc.send('lightbench:stream', { type: 'subscribe', id, stream: 'workspace.events', input: {} });
    const change = (name: string): Promise<unknown> =>
      call('users.create', { name, roles: ['annotator'], password: 'correct horse' });
    subscribe('first');
    expect(await change('ada')).toMatchObject({ ok: true });
    await eventually(() => expect(webContents.sent.length).toBeGreaterThan(0));
    expect(webContents.sent[0]).toMatchObject({
      channel: 'lightbench:stream-reply',
      message: { type: 'event', id: 'first' },
    });

    webContents.emit('did-navigate', {}, 'lightbench://app/');
    subscribe('second');
    const before = webContents.sent.length;
    await change('grace');
    await eventually(() => expect(webContents.sent.length).toBeGreaterThan(before));
    const ids = webContents.sent.slice(before).map((sent) => (sent as { message: { id: string } }).message.id);
    expect(new Set(ids)).toEqual(new Set(['second']));
  });

  it('shows that the engine died, answers what waited for it, and starts it again when asked', async () => {
    await start();
    const window = electron.windows[0]!;
    const waiting = call('jobs.wait', { id: 'job-unknown', timeoutMs: 60_000 });
    killEngine();
    await eventually(() => expect(window.webContents.url).toBe('lightbench://shell/problem'));
    expect(await waiting).toMatchObject({ ok: false });
    const page = await (await electron.request('lightbench://shell/problem')).text();
    expect(page).toContain('The engine ended by SIGKILL.');
    expect(await call('workspace.info')).toMatchObject({ ok: false, error: { code: 'worker.crashed' } });

    expect(window.webContents.navigate('lightbench://shell/action/retry')).toBe(false);
    await eventually(() => expect(window.webContents.url).toBe('lightbench://app/'));
    expect(await call('workspace.info')).toMatchObject({ ok: true });
  });

  it('brings a crashed page back, but not for ever', async () => {
    await start();
    const { webContents } = electron.windows[0]!;
    const loaded: string[] = [];
    webContents.on('did-navigate', (_event, url: string) => loaded.push(url));
    for (let crash = 0; crash < 3; crash++) webContents.emit('render-process-gone', {}, { reason: 'crashed' });
    expect(loaded).toEqual(['lightbench://app/', 'lightbench://app/', 'lightbench://shell/problem']);
    expect(await call('workspace.info')).toMatchObject({ ok: true });
    webContents.navigate('lightbench://shell/action/retry');
    await eventually(() => expect(webContents.url).toBe('lightbench://app/'));
    expect(await call('workspace.info')).toMatchObject({ ok: true });
  });

  it('shows a refusal with title, cause and suggestion, and opens another workspace instead', async () => {
    writeFileSync(path.join(folder, 'letter.txt'), '<b>not</b> a workspace');
    await start({ args: ['--workspace', '.'] });
    const window = electron.windows[0]!;
    expect(window.webContents.url).toBe('lightbench://shell/problem');
    const page = await electron.request('lightbench://shell/problem');
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
    const html = await page.text();
    expect(html).toContain('This folder is not a Lightbench workspace');
    expect(html).toContain('Choose an empty folder, or one that Lightbench made.');

    electron.answers.folders.push(path.join(folder, 'other'));
    window.webContents.navigate('lightbench://shell/action/open-workspace');
    await eventually(() => expect(window.webContents.url).toBe('lightbench://app/'));
    expect(window.title).toBe('other – Lightbench');
    const remembered = JSON.parse(readFileSync(path.join(folder, 'user-data', 'shell.json'), 'utf8'));
    expect(remembered.recentWorkspaces).toEqual([path.join(folder, 'other')]);
  });

  it('does not start when it is open already', async () => {
    electron.app.isFirstInstance = false;
    await start();
    expect(electron.app.exitCode).toBe(0);
    expect(electron.windows).toEqual([]);
  });

  it('keeps the page where it is and asks before it opens a browser', async () => {
    await start();
    const { webContents } = electron.windows[0]!;
    expect(webContents.navigate('lightbench://app/#/data')).toBe(true);
    expect(webContents.navigate('http://127.0.0.1:1/')).toBe(false);
    expect(webContents.navigate('lightbench://app.example/')).toBe(false);
    electron.answers.buttons.push(1, 0);
    expect(webContents.open('https://example.org/one')).toBe('deny');
    expect(webContents.open('https://example.org/two')).toBe('deny');
    await eventually(() => expect(electron.opened).toEqual(['https://example.org/two']));
    expect(electron.questions).toHaveLength(2);
  });

  it('names what is wrong with its own command line', async () => {
    await start({ args: ['--engine', 'not an address'] });
    const html = await (await electron.request('lightbench://shell/problem')).text();
    expect(html).toContain('not an address is not an address such as');
    expect(html).not.toContain('Open another workspace');
  });

  it('offers recent workspaces in the menu', async () => {
    await start();
    const file = electron.menu.find((item) => item.label === '&File');
    expect(JSON.stringify(file)).toContain('Open Workspace…');
    expect(JSON.stringify(file)).toContain(path.join(folder, 'workspace'));
  });
});
