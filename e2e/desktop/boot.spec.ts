import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { call, expect, result, test } from '../support/desktop.ts';

test.describe('the studio in the real Electron', () => {
  test('opens a new workspace in a window of its own', async ({ open, folder }) => {
    const { app, page } = await open();
    await expect(page).toHaveURL(/^lightbench:\/\/app\//);
    await expect(page.getByRole('navigation').first()).toBeVisible();
    await expect
      .poll(() => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getTitle()))
      .toBe('workspace – Lightbench');
    expect(existsSync(path.join(folder, 'workspace', 'workspace.sqlite'))).toBe(true);
    const visible = await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible());
    expect(visible).toBe(true);
  });

  test('answers calls through the preload script, errors included', async ({ open, folder }) => {
    const { page } = await open();
    const info = await result<{ path: string; schemaVersion: number }>(page, 'workspace.info');
    expect(info.path).toBe(path.join(folder, 'workspace'));
    expect(info.schemaVersion).toBeGreaterThan(0);

    const unknown = await call(page, 'workspace.inform');
    expect(unknown).toMatchObject({ ok: false, error: { code: 'request.unknown_procedure' } });
    const outside = await page.evaluate(() =>
      window.lightbench!.call({ input: 1 } as unknown as Parameters<NonNullable<Window['lightbench']>['call']>[0]),
    );
    expect(outside).toMatchObject({ ok: false, error: { code: 'request.invalid' } });
  });

  test('exposes the bridge and nothing else of Electron or Node', async ({ open }) => {
    const { app, page } = await open();
    const world = await page.evaluate(() => ({
      bridge: Object.keys(window.lightbench ?? {}).toSorted(),
      node: ['require', 'process', 'module', 'Buffer', 'ipcRenderer'].filter((name) => name in window),
    }));
    expect(world.bridge).toEqual(['call', 'choosePath', 'onStream', 'pathForFile', 'platform', 'stream']);
    expect(world.node).toEqual([]);
    const preferences = await app.evaluate(({ BrowserWindow }) =>
      // Not in the typings, but the only way to ask the window itself.
      (
        BrowserWindow.getAllWindows()[0]!.webContents as unknown as {
          getLastWebPreferences(): Record<string, unknown>;
        }
      ).getLastWebPreferences(),
    );
    expect(preferences).toMatchObject({ sandbox: true, contextIsolation: true, nodeIntegration: false });
  });

  test('streams events of the workspace into the page', async ({ open }) => {
    const { page } = await open();
    await page.evaluate(() => {
      const seen: unknown[] = [];
      Object.assign(window, { seen });
      window.lightbench!.onStream((message) => message.id === 'probe' && seen.push(message));
      window.lightbench!.stream({ type: 'subscribe', id: 'probe', stream: 'workspace.events', input: {} });
      window.lightbench!.stream({ type: 'subscribe', id: 'probe-2', stream: 'workspace.none', input: {} });
    });
    await result(page, 'users.create', {
      name: 'ada',
      displayName: 'Ada',
      roles: ['approver'],
      password: 'correct horse',
    });
    await expect
      .poll(() => page.evaluate(() => (window as unknown as { seen: unknown[] }).seen.length))
      .toBeGreaterThan(0);
  });

  test('shows pictures from the engine', async ({ open }) => {
    const { page } = await open();
    const { jobIds } = await result<{ jobIds: string[] }>(page, 'samples.import', { ids: ['mr-series'] });
    const job = await result(page, 'jobs.wait', { id: jobIds[0], timeoutMs: 60_000 });
    expect(job).toMatchObject({ state: 'FINISHED' });
    const [dataset] = await result<{ versions: { digest: string }[] }[]>(page, 'datasets.list');
    const shown = await page.evaluate(async (digest) => {
      const image = new Image();
      image.src = `/asset/datasets.image?digest=${digest}&index=0`;
      await image.decode();
      const reply = await fetch(image.src);
      return { width: image.naturalWidth, type: reply.headers.get('content-type'), bytes: (await reply.blob()).size };
    }, dataset?.versions[0]?.digest);
    expect(shown).toMatchObject({ width: 256, type: 'image/png' });
    expect(shown.bytes).toBeGreaterThan(1000);
  });

  test('brings its page back when it crashes', async ({ open }) => {
    const { app, page } = await open();
    await expect(page.getByRole('navigation').first()).toBeVisible();
    // Asked of the shell: to Playwright a page that crashed stays crashed.
    const state = (): Promise<{ process: number; loading: boolean }> =>
      app.evaluate(({ BrowserWindow }) => {
        const { webContents } = BrowserWindow.getAllWindows()[0]!;
        return { process: webContents.getOSProcessId(), loading: webContents.isLoading() };
      });
    const before = (await state()).process;
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.webContents.forcefullyCrashRenderer());
    await expect
      .poll(async () => {
        const { process, loading } = await state();
        return process !== 0 && process !== before && !loading;
      })
      .toBe(true);
    const hasNavigation = (): Promise<unknown> =>
      app.evaluate(({ BrowserWindow }) =>
        BrowserWindow.getAllWindows()[0]!.webContents.executeJavaScript('document.querySelector("nav") !== null'),
      );
    await expect.poll(hasNavigation).toBe(true);
  });

  test('saves what is downloaded', async ({ open, folder }) => {
    const { app, page } = await open();
    const { jobIds } = await result<{ jobIds: string[] }>(page, 'samples.import', { ids: ['mr-series'] });
    await result(page, 'jobs.wait', { id: jobIds[0], timeoutMs: 60_000 });
    const [dataset] = await result<{ versions: { digest: string }[] }[]>(page, 'datasets.list');
    const target = path.join(folder, 'slice.png');
    await app.evaluate(({ session }, file) => {
      session.defaultSession.on('will-download', (_event, item) => item.setSavePath(file));
    }, target);
    await page.evaluate((digest) => {
      const link = document.createElement('a');
      link.href = `/asset/datasets.image?digest=${digest}&index=0`;
      link.download = 'slice.png';
      document.body.append(link);
      link.click();
    }, dataset?.versions[0]?.digest);
    await expect.poll(() => existsSync(target) && readFileSync(target).subarray(1, 4).toString()).toBe('PNG');
  });

  test('remembers the window and the workspace', async ({ open, folder }) => {
    const first = await open();
    await expect(first.page).toHaveURL(/^lightbench:\/\/app\//);
    await first.app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]!.setBounds({ x: 40, y: 60, width: 1180, height: 760 }),
    );
    await first.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.close()).catch(() => undefined);
    await first.app.waitForEvent('close').catch(() => undefined);
    const remembered = JSON.parse(readFileSync(path.join(folder, 'user-data', 'shell.json'), 'utf8'));
    expect(remembered.window.bounds).toMatchObject({ width: 1180, height: 760 });
    expect(remembered.recentWorkspaces).toEqual([path.join(folder, 'workspace')]);

    const second = await open({ args: [] });
    const info = await result<{ path: string }>(second.page, 'workspace.info');
    expect(info.path).toBe(path.join(folder, 'workspace'));
    const bounds = await second.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.getBounds());
    expect(bounds).toMatchObject({ width: 1180, height: 760 });
  });
});
