import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Target } from '../../../main/graph/index.ts';
import { measurePeak } from '../memory/measure.ts';
import { localTarget, OurWorkload } from './ours.ts';
import type { Clock, Mode } from './peer.ts';
import { findPython, Peer } from './peer.ts';
import { workloads } from './workloads/index.ts';
import type { Workload } from './workloads/workload.ts';

const MODES: readonly Mode[] = ['train', 'forward'];
const PEER_PROCESSES = 3;
const WARM_UP_RUNS = 8;

interface WorkloadResult {
  readonly name: string;
  /** Our time divided by PyTorch's. */
  readonly trainRatio: number;
  readonly forwardRatio: number;
  readonly oursMs: Readonly<Record<Mode, number>>;
  readonly peerMs: Readonly<Record<Mode, number>>;
  /** Our peak memory of training divided by PyTorch's, each above an idle process; null where /proc is missing. */
  readonly peakMemoryRatio: number | null;
}

/**
 * `bench training [--workload mlp] [--rounds 6] [--runs 32] [--threads 2] [--clock cpu]`: the training step and the forward pass
 * next to PyTorch's, in turns. PyTorch counts at its best median of three fresh processes; ours is the median of all.
 * `--clock cpu` compares processor time on one thread, which other programs on the machine disturb least.
 * Prints one JSON object last; without PyTorch it says so and sets the exit code.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      workload: { type: 'string' },
      rounds: { type: 'string', default: '6' },
      runs: { type: 'string', default: '32' },
      threads: { type: 'string', default: '2' },
      clock: { type: 'string', default: 'wall' },
    },
  });
  const clock: Clock = values.clock === 'cpu' ? 'cpu' : 'wall';
  const threads = clock === 'cpu' ? 1 : Number(values.threads);
  const python = findPython();
  if (!python) {
    console.error('This benchmark needs Python with PyTorch: set LIGHTBENCH_PYTHON to one that has it.');
    process.exitCode = 1;
    return;
  }
  const target = await localTarget();
  const layout = target.blockSize ? `blocks of ${target.blockSize} channels` : 'the standard layout';
  console.error(`PyTorch ${python.torchVersion}, ${threads} threads, ${clock} time, ${layout}, load ${loadAverage()}`);
  const chosen = workloads.filter(({ name }) => values.workload === undefined || name === values.workload);
  const results: WorkloadResult[] = [];
  for (const workload of chosen) {
    const ours = await OurWorkload.open(workload, target, threads);
    const result = await compare(workload, ours, python.command, {
      threads,
      clock,
      rounds: Number(values.rounds),
      runs: Number(values.runs),
    });
    await ours.close();
    const memory = await comparePeaks(workload, target, python.command, threads);
    results.push({ ...result, peakMemoryRatio: memory && round(memory.ours / memory.peer) });
    console.error(describe(result));
    if (memory)
      console.error(`${workload.name}: peak memory ${mebibytes(memory.ours)} / ${mebibytes(memory.peer)} MiB`);
  }
  console.error(`load ${loadAverage()}`);
  console.log(JSON.stringify({ workloads: results }));
}

/** Bytes, each in a fresh process. */
async function comparePeaks(
  { name, data, stepsPerRun }: Workload,
  target: Target,
  python: string,
  threads: number,
): Promise<{ readonly ours: number; readonly peer: number } | null> {
  if (!existsSync('/proc/self/status')) return null;
  const ours = measurePeak({ name, batchSize: data.x?.dims[0] ?? 1, target, threads, stepsAtOnce: stepsPerRun });
  const peer = new Peer(python);
  await peer.load(name, threads, 'wall');
  await peer.time('train', WARM_UP_RUNS);
  const bytes = await peer.peakBytes();
  peer.close();
  return { ours, peer: bytes };
}

const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20);

interface Plan {
  readonly threads: number;
  readonly clock: Clock;
  readonly rounds: number;
  readonly runs: number;
}

async function compare(
  workload: Workload,
  ours: OurWorkload,
  python: string,
  plan: Plan,
): Promise<Omit<WorkloadResult, 'peakMemoryRatio'>> {
  const ourTimes: Record<Mode, number[]> = { train: [], forward: [] };
  const peerMedians: Record<Mode, number[]> = { train: [], forward: [] };
  for (let process = 0; process < PEER_PROCESSES; process++) {
    const peer = new Peer(python);
    await peer.load(workload.name, plan.threads, plan.clock);
    const peerTimes: Record<Mode, number[]> = { train: [], forward: [] };
    for (const mode of MODES) {
      await ours.time(mode, WARM_UP_RUNS, plan.clock);
      await peer.time(mode, WARM_UP_RUNS);
      for (let round = 0; round < plan.rounds; round++) {
        ourTimes[mode].push(...(await ours.time(mode, plan.runs, plan.clock)));
        peerTimes[mode].push(...(await peer.time(mode, plan.runs)));
      }
      peerMedians[mode].push(median(peerTimes[mode]));
    }
    peer.close();
  }
  const oursMs = { train: median(ourTimes.train), forward: median(ourTimes.forward) };
  const peerMs = { train: Math.min(...peerMedians.train), forward: Math.min(...peerMedians.forward) };
  return {
    name: workload.name,
    trainRatio: round(oursMs.train / peerMs.train),
    forwardRatio: round(oursMs.forward / peerMs.forward),
    oursMs: { train: round(oursMs.train), forward: round(oursMs.forward) },
    peerMs: { train: round(peerMs.train), forward: round(peerMs.forward) },
  };
}

const describe = ({
  name,
  trainRatio,
  forwardRatio,
  oursMs,
  peerMs,
}: Omit<WorkloadResult, 'peakMemoryRatio'>): string =>
  `${name}: train ${oursMs.train} ms / ${peerMs.train} ms = ${trainRatio}, ` +
  `forward ${oursMs.forward} ms / ${peerMs.forward} ms = ${forwardRatio}`;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const round = (value: number): number => Math.round(value * 1000) / 1000;

function loadAverage(): string {
  try {
    return readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 3).join(' ');
  } catch {
    return 'unknown';
  }
}
