import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { sandboxArguments } from '../../resources/scripts/electron.ts';
import { call, engineProcess, environmentFor, expect, result, root, test } from '../support/desktop.ts';

const crashed = 'A worker process ended unexpectedly';

test.describe('the engine behind the window', () => {
  test('is missed when it dies, and comes back when asked', async ({ open, folder }) => {
    const { app, page } = await open();
    await result(page, 'workspace.info');
    process.kill(engineProcess(app), 'SIGKILL');

    await expect(page.getByRole('heading', { name: crashed })).toBeVisible();
    await expect(page.getByText('The engine ended by SIGKILL.')).toBeVisible();
    await page.getByRole('link', { name: 'Start again' }).click();
    await expect(page).toHaveURL(/^lightbench:\/\/app\//);
    const info = await result<{ path: string }>(page, 'workspace.info');
    expect(info.path).toBe(path.join(folder, 'workspace'));
  });

  test('is ended politely with the window', async ({ open }) => {
    const { app, page } = await open();
    await result(page, 'workspace.info');
    const engine = engineProcess(app);
    const started = Date.now();
    await app.close();
    expect(Date.now() - started).toBeLessThan(6000);
    await expect.poll(() => isRunning(engine)).toBe(false);
  });

  test('is asked for another workspace where it refuses this one', async ({ open, folder }) => {
    mkdirSync(path.join(folder, 'taxes'));
    writeFileSync(path.join(folder, 'taxes', 'letter.txt'), 'not a workspace');
    const { app, page } = await open({ args: ['--workspace', path.join(folder, 'taxes')] });
    await expect(page.getByRole('heading', { name: 'This folder is not a Lightbench workspace' })).toBeVisible();
    await expect(page.getByText('Choose an empty folder, or one that Lightbench made.')).toBeVisible();

    await app.evaluate(
      ({ dialog }, chosen) => {
        dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [chosen] });
      },
      path.join(folder, 'second'),
    );
    await page.getByRole('link', { name: 'Open another workspace…' }).click();
    await expect(page).toHaveURL(/^lightbench:\/\/app\//);
    const info = await result<{ path: string }>(page, 'workspace.info');
    expect(info.path).toBe(path.join(folder, 'second'));
  });

  test('keeps a second shell out of its workspace', async ({ open, folder }) => {
    const first = await open();
    await result(first.page, 'workspace.info');
    const second = await open({ userData: path.join(folder, 'other-user-data') });
    await expect(
      second.page.getByRole('heading', { name: 'Another Lightbench has this workspace open' }),
    ).toBeVisible();
    await result(first.page, 'workspace.info');
  });

  test('is not started twice by one person', async ({ open, folder, runtime }) => {
    const first = await open();
    await result(first.page, 'workspace.info');
    const second = spawn(
      runtime.executable,
      [root, ...sandboxArguments(), '--disable-gpu', `--user-data-dir=${path.join(folder, 'user-data')}`],
      { env: environmentFor(runtime.display), stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let said = '';
    second.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const code = await new Promise((resolve) => second.once('exit', resolve));
    expect(code).toBe(0);
    expect(said).toContain('Lightbench is already open');
    expect(first.app.windows()).toHaveLength(1);
  });
});

test.describe('an engine elsewhere', () => {
  let server: ChildProcess | undefined;
  test.afterEach(async () => {
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const ended = new Promise<string>((resolve) => server?.once('exit', () => resolve('ended')));
    server.kill('SIGTERM');
    const waited = new Promise<string>((resolve) => setTimeout(() => resolve('still running'), 20_000));
    const outcome = await Promise.race([ended, waited]);
    server.kill('SIGKILL');
    expect(outcome, 'the engine ends when it is asked to').toBe('ended');
  });

  test('is reached by its URL', async ({ open, folder }) => {
    const workspace = path.join(folder, 'remote');
    server = spawn(process.execPath, [path.join(root, 'main/cli/main.ts'), 'serve', '--workspace', workspace], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const url = await new Promise<string>((resolve, reject) => {
      let said = '';
      server?.stdout?.on('data', (part: Buffer) => {
        said += part.toString('utf8');
        if (said.includes('\n')) resolve(JSON.parse(said.slice(0, said.indexOf('\n'))).url);
      });
      server?.once('exit', (code) => reject(new Error(`The engine ended with ${code} before it said its address`)));
    });
    const { page } = await open({ args: ['--engine', url] });
    await expect(page).toHaveURL(/^lightbench:\/\/app\//);
    const info = await result<{ path: string }>(page, 'workspace.info');
    expect(info.path).toBe(workspace);
    expect(await call(page, 'workspace.inform')).toMatchObject({ error: { code: 'request.unknown_procedure' } });
    const missing = await page.evaluate(async () => (await fetch('/asset/none')).json());
    expect(missing).toMatchObject({ title: expect.any(String), suggestion: expect.any(String) });

    await page.evaluate(() => {
      Object.assign(window, { seen: 0 });
      window.lightbench!.onStream((message) => {
        if (message.id === 'probe') Object.assign(window, { seen: 1 });
      });
      window.lightbench!.stream({ type: 'subscribe', id: 'probe', stream: 'workspace.events', input: {} });
    });
    // The socket is opened by the first subscription; a change before it is there is not heard.
    await expect
      .poll(async () => {
        await call(page, 'users.create', {
          name: `user-${Math.random()}`,
          displayName: 'Somebody',
          roles: ['annotator'],
          password: 'correct horse',
        });
        return page.evaluate(() => (window as unknown as { seen: number }).seen);
      })
      .toBe(1);
  });

  test('is named with what to do when it does not answer', async ({ open }) => {
    const { page } = await open({ args: ['--engine', 'http://127.0.0.1:9/?token=none'] });
    await expect(page.getByRole('heading', { name: 'The engine cannot be reached' })).toBeVisible();
    await expect(page.getByRole('link', { name: 'Start again' })).toBeVisible();
  });

  test('has to be an address', async ({ open }) => {
    const { page } = await open({ args: ['--engine', 'workstation'] });
    await expect(page.getByText('workstation is not an address')).toBeVisible();
  });
});

function isRunning(process_: number): boolean {
  try {
    process.kill(process_, 0);
    return true;
  } catch {
    return false;
  }
}
