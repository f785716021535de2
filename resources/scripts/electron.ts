import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Where a runtime for tests is kept when Electron's own could not be downloaded. */
export const cachedRuntimeFolder = '.cache/electron';

/** An Electron that can be given an application's folder: LIGHTBENCH_ELECTRON, the npm package's own, the cache's. */
export function findElectron(
  root: string,
  environment: Readonly<Record<string, string | undefined>>,
): { readonly executable: string } | { readonly executable: null; readonly reason: string } {
  const named = environment.LIGHTBENCH_ELECTRON;
  if (named) {
    if (!existsSync(named))
      return { executable: null, reason: `LIGHTBENCH_ELECTRON names ${named}, which does not exist` };
    if (!takesApplication(named))
      return {
        executable: null,
        reason: `LIGHTBENCH_ELECTRON names ${named}, which has neither default_app.asar nor an application in its resources folder`,
      };
    return { executable: named };
  }
  const executable = [ownExecutable(root), path.join(root, cachedRuntimeFolder, 'electron')].find(
    (file) => file !== null && existsSync(file),
  );
  return executable ? { executable } : { executable: null, reason: 'no Electron runtime is installed' };
}

/** Chromium's sandbox cannot be had by root on Linux. */
export function sandboxArguments(): readonly string[] {
  return process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : [];
}

function ownExecutable(root: string): string | null {
  const folder = path.join(root, 'node_modules/electron');
  const pathFile = path.join(folder, 'path.txt');
  return existsSync(pathFile) ? path.join(folder, 'dist', readFileSync(pathFile, 'utf8').trim()) : null;
}

/** A runtime without its default application, and without one of its own, would end at once. */
function takesApplication(executable: string): boolean {
  if (process.platform === 'darwin') return true;
  const resources = path.join(path.dirname(executable), 'resources');
  return ['default_app.asar', 'app', 'app.asar'].some((name) => existsSync(path.join(resources, name)));
}
