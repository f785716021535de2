import { readdirSync, realpathSync, statfsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { LightbenchError } from '../../contract/errors.ts';
import type { Verification, WorkspaceInfo, WorkspaceProblem } from '../../contract/workspace.ts';
import type { Caller, EngineContext, HandlersOf } from '../core/context.ts';

/** Bundles are files beside the artifacts, with checksums of their own. */
export interface VerifiableBundles {
  all(): readonly {
    readonly digest: string;
    readonly path: string;
    readonly modelName: string;
    readonly version: number;
  }[];
  /** One sentence per problem. */
  verify(digest: string): Promise<readonly string[]>;
}

/** The workspace itself: what it is, whether it is whole, and the folders around it. */
export class Workspaces {
  readonly #context: EngineContext;
  readonly #recovery: WorkspaceInfo['recovery'];
  readonly #bundles: VerifiableBundles;
  readonly #cutLogs: () => void;

  readonly handlers: HandlersOf<'workspace'> = {
    'workspace.info': () => this.#info(),
    'workspace.change': ({ predictionLogLimit }, caller) => this.#change(predictionLogLimit, caller),
    'workspace.verify': () => this.verify(),
    'workspace.browse': ({ path }) => browse(path ?? homedir()),
  };

  /** @param cutLogs holds the prediction logs to their limit */
  constructor(
    context: EngineContext,
    recovery: WorkspaceInfo['recovery'],
    bundles: VerifiableBundles,
    cutLogs: () => void,
  ) {
    this.#context = context;
    this.#cutLogs = cutLogs;
    this.#bundles = bundles;
    this.#recovery = recovery;
  }

  /** Re-hashes every artifact and bundle that a record needs, walks the ledger, asks SQLite; one entry per problem. */
  async verify(): Promise<Verification> {
    const { workspace } = this.#context;
    const begin = performance.now();
    const problems: WorkspaceProblem[] = workspace.databaseProblems().map((detail) => ({
      kind: 'database_damaged',
      subject: 'workspace.sqlite',
      path: 'workspace.sqlite',
      detail,
      affects: [],
    }));
    const ledger = workspace.ledger.verify();
    if (!ledger.intact)
      problems.push({
        kind: 'ledger_broken',
        subject: String(ledger.firstBroken),
        path: null,
        detail: ledger.problem ?? '',
        affects: ['Every entry from there on can no longer be relied upon'],
      });
    const artifacts = workspace.artifactRecords.list();
    let checkedBytes = 0;
    for (const { digest, sizeBytes, kind } of artifacts) {
      const state = await workspace.artifacts.verify(digest);
      checkedBytes += sizeBytes;
      if (state === 'intact') continue;
      problems.push({
        kind: state === 'missing' ? 'artifact_missing' : 'artifact_altered',
        subject: digest,
        path: join('artifacts', digest.slice(0, 2), digest.slice(2)),
        detail: state === 'missing' ? `The ${kind} is not on the disk.` : `The ${kind} is not what was written.`,
        affects: workspace.artifactRecords.owners(digest),
      });
    }
    for (const { digest, path, modelName, version } of this.#bundles.all()) {
      for (const detail of await this.#bundles.verify(digest))
        problems.push({
          kind: 'artifact_altered',
          subject: digest,
          path,
          detail,
          affects: [`bundle of ${modelName}@${version}`],
        });
    }
    return {
      checkedArtifacts: artifacts.length,
      checkedBytes,
      checkedLedgerEntries: ledger.entries,
      problems,
      durationMs: performance.now() - begin,
    };
  }

  #change(limit: number, caller: Caller): WorkspaceInfo {
    const { workspace } = this.#context;
    const before = workspace.settings.predictionLogLimit;
    workspace.transaction(() => {
      workspace.settings.predictionLogLimit = limit;
      workspace.ledger.append({
        actor: caller.userName,
        action: 'workspace.changed',
        subject: 'prediction log',
        summary: `${caller.userName} had the prediction logs keep ${limit} requests per endpoint instead of ${before}.`,
        payload: { predictionLogLimit: limit, before },
      });
    });
    this.#cutLogs();
    this.#context.changed('workspace', [], caller.userName);
    this.#context.changed('ledger');
    return this.#info();
  }

  #info(): WorkspaceInfo {
    const { workspace, clock, applicationVersion } = this.#context;
    const totals = workspace.artifactRecords.totals();
    const lastChange = workspace.ledger.lastTime();
    const disk = statfsSync(workspace.folder);
    return {
      name: basename(workspace.folder),
      path: workspace.folder,
      schemaVersion: workspace.schemaVersion,
      applicationVersion,
      createdAt: workspace.createdAt,
      openedAt: workspace.openedAt,
      artifactCount: totals.count,
      artifactBytes: totals.bytes,
      freeBytes: disk.bavail * disk.bsize,
      predictionLogLimit: workspace.settings.predictionLogLimit,
      recovery: this.#recovery,
      clockWentBackwardsMs: lastChange === null ? 0 : Math.max(0, Date.parse(lastChange) - clock.nowMs()),
    };
  }
}

/** One folder, folders first; what cannot be looked at is left out. */
function browse(path: string) {
  try {
    const folder = realpathSync(path);
    const entries = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.name.startsWith('.'))
      .flatMap((entry) => {
        const full = join(folder, entry.name);
        try {
          const stats = statSync(full);
          return [
            {
              name: entry.name,
              path: full,
              kind: stats.isDirectory() ? ('folder' as const) : ('file' as const),
              sizeBytes: stats.isDirectory() ? null : stats.size,
            },
          ];
        } catch {
          return [];
        }
      })
      .sort((a, b) =>
        a.kind === b.kind ? a.name.localeCompare(b.name, 'en', { numeric: true }) : a.kind === 'folder' ? -1 : 1,
      );
    return {
      path: folder,
      parent: dirname(folder) === folder ? null : dirname(folder),
      entries: entries.slice(0, 5000),
    };
  } catch (error) {
    const code = (error as { code?: string }).code;
    throw new LightbenchError(
      code === 'ENOENT' || code === 'ENOTDIR' ? 'source.not_found' : 'source.unreadable',
      `${path} cannot be listed (${code}).`,
      { cause: error },
    );
  }
}
