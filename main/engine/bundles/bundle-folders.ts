import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  type BundleWriterInput,
  type BundleWriterResult,
  bundleWriterProgress,
  bundleWriterResult,
} from '../../contract/bundle-worker.ts';
import { verifyBundle } from '../../formats/bundle/bundle-folder.ts';
import type { EngineContext } from '../core/context.ts';
import type { JobContext } from '../jobs/index.ts';
import { startWorker } from '../processes/worker-process.ts';

const FOLDER = 'bundles';
/** Begins the names of what is not finished yet. */
const INCOMING = '.incoming-';

export interface WrittenBundle extends BundleWriterResult {
  /** Relative to the workspace, with forward slashes. */
  readonly path: string;
  readonly zipPath: string;
}

/** The folder `bundles/` of a workspace. What has a name in it is whole. */
export class BundleFolders {
  readonly #context: EngineContext;

  constructor(context: EngineContext) {
    this.#context = context;
  }

  /** Removes what a killed export left behind. */
  clearIncoming(): void {
    const root = this.#root;
    if (!existsSync(root)) return;
    for (const name of readdirSync(root))
      if (name.startsWith(INCOMING)) rmSync(join(root, name), { recursive: true, force: true });
  }

  /** Everything under a temporary name, in a process of its own, then the names. */
  async write(
    modelName: string,
    version: number,
    files: BundleWriterInput['files'],
    job: JobContext,
  ): Promise<WrittenBundle> {
    const root = this.#root;
    mkdirSync(root, { recursive: true });
    const base = `${fileName(modelName)}-v${version}`;
    const incoming = join(root, `${INCOMING}${job.jobId}`);
    const incomingZip = `${incoming}.zip`;
    const clear = () => {
      rmSync(incoming, { recursive: true, force: true });
      rmSync(incomingZip, { force: true });
    };
    clear();
    const input: BundleWriterInput = { folder: incoming, zipPath: incomingZip, rootName: base, files };
    const worker = startWorker({
      entry: this.#context.workerEntry,
      name: 'bundle-writer',
      input,
      messages: bundleWriterProgress,
      onMessage: (progress) => job.progress({ ...progress, unit: 'files' }),
      signal: job.signal,
    });
    try {
      const written = bundleWriterResult.parse(await worker.result);
      const name = `${base}-${written.digest.slice(0, 12)}`;
      await settle(incoming, join(root, name), written.digest);
      renameSync(incomingZip, join(root, `${name}.zip`));
      syncFolder(root);
      return { ...written, path: `${FOLDER}/${name}`, zipPath: `${FOLDER}/${name}.zip` };
    } finally {
      clear();
    }
  }

  get #root(): string {
    return join(this.#context.workspace.folder, FOLDER);
  }
}

/** Gives a written folder its name. The same bundle may lie there already, and may be in use: then that one stays. */
async function settle(incoming: string, target: string, digest: string): Promise<void> {
  if (existsSync(target)) {
    if ((await verifyBundle(target, digest)).length === 0) return;
    rmSync(target, { recursive: true, force: true });
  }
  renameSync(incoming, target);
}

/** A name that every file system takes. */
function fileName(modelName: string): string {
  return modelName.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+/, '') || 'model';
}

/** Makes the renames durable. Windows cannot open folders, and flushes renames on its own. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
