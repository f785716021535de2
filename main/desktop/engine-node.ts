import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

/** better-sqlite3 crashes on an older one. */
export const neededNodeMajor = 22;

export interface NodeSearch {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly architecture: string;
  /** Folders that may have a `node_modules` with a Node of ours. */
  readonly folders: readonly string[];
}

export type FoundNode = { readonly path: string } | { readonly path: null; readonly tried: readonly string[] };

/**
 * A Node that can run the engine: the one that LIGHTBENCH_NODE names, the optional `node-<platform>-<arch>` package, or
 * one on the PATH; the first that starts and is new enough.
 */
export async function findNode(search: NodeSearch): Promise<FoundNode> {
  const tried: string[] = [];
  for (const candidate of candidates(search)) {
    const version = await versionOf(candidate);
    if (version !== null && Number(version.split('.')[0]) >= neededNodeMajor) return { path: candidate };
    tried.push(version === null ? `${candidate} does not start` : `${candidate} is ${version}`);
  }
  return { path: null, tried };
}

function candidates({ environment, platform, architecture, folders }: NodeSearch): readonly string[] {
  const executable = platform === 'win32' ? 'node.exe' : 'node';
  const named = environment.LIGHTBENCH_NODE;
  const system = platform === 'win32' ? 'win' : platform;
  const bundled = folders.map((folder) =>
    path.join(folder, 'node_modules', `node-${system}-${architecture}`, 'bin', executable),
  );
  const onPath = (environment.PATH ?? environment.Path ?? '')
    .split(path.delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => path.join(folder, executable));
  return [...(named ? [named] : []), ...[...new Set([...bundled, ...onPath])].filter((file) => existsSync(file))];
}

async function versionOf(executable: string): Promise<string | null> {
  try {
    const environment = { ...process.env };
    delete environment.ELECTRON_RUN_AS_NODE;
    const { stdout } = await promisify(execFile)(executable, ['-p', 'process.versions.node'], {
      timeout: 10_000,
      env: environment,
    });
    return /^\d+\.\d+\.\d+/.test(stdout) ? stdout.trim() : null;
  } catch {
    return null;
  }
}
