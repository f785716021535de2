import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '../support/desktop.ts';

let outside: Server;
let address: string;
let visits: string[];

test.beforeEach(async () => {
  visits = [];
  outside = createServer((request, response) => {
    visits.push(request.url ?? '');
    response.setHeader('access-control-allow-origin', '*').end('outside');
  });
  await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(outside.address() as AddressInfo).port}`;
});
test.afterEach(() => void outside.close());

test.describe('the walls of the window', () => {
  test('run no script that is not the application’s own', async ({ open }) => {
    const { page } = await open();
    const violations = await page.evaluate(async () => {
      const seen: string[] = [];
      document.addEventListener('securitypolicyviolation', (event) => seen.push(event.effectiveDirective));
      const script = document.createElement('script');
      script.textContent = 'window.inlineRan = true';
      document.body.append(script);
      document.body.insertAdjacentHTML('beforeend', '<img src="x" onerror="window.handlerRan = true">');
      await new Promise((resolve) => setTimeout(resolve, 500));
      return { seen, ran: ['inlineRan', 'handlerRan'].filter((name) => name in window) };
    });
    expect(violations.ran).toEqual([]);
    expect(violations.seen).toContain('script-src-elem');
  });

  test('fetch nothing from elsewhere', async ({ open }) => {
    const { page } = await open();
    const reached = await page.evaluate(async (url) => {
      const image = new Image();
      const loaded = new Promise((resolve) => {
        image.onload = () => resolve(true);
        image.onerror = () => resolve(false);
      });
      image.src = `${url}/image.png`;
      const socket = new WebSocket(url.replace('http', 'ws'));
      const connected = new Promise((resolve) => {
        socket.onopen = () => resolve(true);
        socket.onerror = () => resolve(false);
      });
      return {
        fetched: await fetch(`${url}/fetch`).then(
          () => true,
          () => false,
        ),
        loaded: await loaded,
        connected: await connected,
      };
    }, address);
    expect(reached).toEqual({ fetched: false, loaded: false, connected: false });
    expect(visits).toEqual([]);
  });

  test('let nobody navigate away or open a window', async ({ open }) => {
    const { app, page } = await open();
    await expect(page).toHaveURL(/^lightbench:\/\/app\//);
    const opened = await page.evaluate(async (url) => {
      const other = window.open(`${url}/window`);
      location.assign(`${url}/navigation`);
      await new Promise((resolve) => setTimeout(resolve, 500));
      return other !== null;
    }, address);
    expect(opened).toBe(false);
    // Asked of the page and of the shell: Playwright itself keeps waiting for the navigation that was refused.
    expect(await page.evaluate(() => location.href)).toMatch(/^lightbench:\/\/app\//);
    const windows = await app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows().map((window) => window.webContents.getURL()),
    );
    expect(windows).toEqual([expect.stringMatching(/^lightbench:\/\/app\//)]);
    expect(visits).toEqual([]);
  });

  test('hand a link to the browser only after asking', async ({ open }) => {
    const { app, page } = await open();
    await app.evaluate(({ dialog, shell }) => {
      const log: string[] = [];
      Object.assign(globalThis, { log, agree: false });
      dialog.showMessageBox = (async (_window: unknown, options: { detail: string }) => {
        log.push(`asked ${options.detail}`);
        return { response: (globalThis as unknown as { agree: boolean }).agree ? 0 : 1, checkboxChecked: false };
      }) as unknown as typeof dialog.showMessageBox;
      shell.openExternal = async (url) => void log.push(`opened ${url}`);
    });
    const log = (): Promise<string[]> => app.evaluate(() => (globalThis as unknown as { log: string[] }).log.splice(0));
    const follow = (url: string): Promise<void> =>
      page.evaluate(async (target) => {
        window.open(target);
        await new Promise((resolve) => setTimeout(resolve, 300));
      }, url);

    await follow('https://example.org/a');
    expect(await log()).toEqual(['asked https://example.org/a']);
    await app.evaluate(() => void Object.assign(globalThis, { agree: true }));
    await follow('https://example.org/a');
    await follow('https://example.org/b');
    expect(await log()).toEqual([
      'asked https://example.org/a',
      'opened https://example.org/a',
      'opened https://example.org/b',
    ]);
    await follow('file:///etc/passwd');
    await follow(`${address}/plain`);
    expect(await log()).toEqual([]);
  });

  test('serve the application’s files and nothing beside them', async ({ open }) => {
    const { page } = await open();
    const statuses = await page.evaluate(async () => {
      const paths = [
        '/',
        '/index.html',
        '/../desktop/main.cjs',
        '/%2e%2e/%2e%2e/package.json',
        '/no-such.js',
        '/asset/none',
      ];
      return Object.fromEntries(
        await Promise.all(paths.map(async (path) => [path, (await fetch(path)).status] as const)),
      );
    });
    expect(statuses).toEqual({
      '/': 200,
      '/index.html': 200,
      '/../desktop/main.cjs': 404,
      '/%2e%2e/%2e%2e/package.json': 404,
      '/no-such.js': 404,
      '/asset/none': 404,
    });
    const refused = await page.evaluate(async () => (await navigator.permissions.query({ name: 'geolocation' })).state);
    expect(refused).toBe('denied');
  });
});
