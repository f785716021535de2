import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { readColumns } from '../../formats/dataset-pack/columns-file.ts';
import type { Workspace } from '../../storage/index.ts';

/** For so long an import that was cut off can be taken up where it stopped. */
export const RESUMABLE_DAYS = 30;
const DAY_MS = 24 * 60 * 60 * 1000;

interface NotedPack {
  readonly pack: { readonly digest: string };
  readonly thumbnails: { readonly digest: string } | null;
}

export interface ClearedImports {
  readonly imports: number;
  readonly files: number;
}

/**
 * Removes what imports left that nobody took up again: packs that no record needs and no other import has noted, then the
 * notes. Cut off in between, the next call finds the notes and goes on. Only while no import runs.
 */
export function clearAbandonedImports({ workspace, clock }: { workspace: Workspace; clock: Clock }): ClearedImports {
  const root = join(workspace.folder, 'imports');
  const folders = existsSync(root) ? readdirSync(root) : [];
  const abandoned = folders.filter((jobId) => isAbandoned(jobId, workspace, clock.nowMs()));
  const staying = folders.filter((jobId) => !abandoned.includes(jobId));
  const needed = new Set(staying.flatMap((jobId) => packsNotedIn(join(root, jobId))));
  let files = 0;
  for (const jobId of abandoned) {
    for (const digest of packsNotedIn(join(root, jobId))) {
      if (needed.has(digest) || workspace.artifactRecords.has(digest) || !workspace.artifacts.has(digest)) continue;
      workspace.artifacts.remove(digest);
      files++;
    }
    rmSync(join(root, jobId), { recursive: true, force: true });
  }
  return { imports: abandoned.length, files };
}

/** An import that was ended long ago, or that no record knows. */
function isAbandoned(jobId: string, workspace: Workspace, nowMs: number): boolean {
  const job = workspace.jobs.get(jobId);
  if (job === undefined || job.state === 'FINISHED') return true;
  return job.endedAt !== null && nowMs - Date.parse(job.endedAt) > RESUMABLE_DAYS * DAY_MS;
}

function packsNotedIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /^pack-\d+$/.test(name))
    .flatMap((name) => {
      const path = join(folder, name);
      try {
        const { pack, thumbnails } = readColumns(readFileSync(path), path).meta as NotedPack;
        return [pack.digest, ...(thumbnails === null ? [] : [thumbnails.digest])];
      } catch {
        // Half-written when the machine went down: what it would name cannot be known, and stays.
        return [];
      }
    });
}
