import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../../../main/base/clock.ts';
import { seededRandom } from '../../../main/base/random.ts';
import type { AugmentationSpec } from '../../../main/graph/index.ts';
import { buildModel } from '../../../main/models/index.ts';
import { Workspace } from '../../../main/storage/index.ts';
import { columnSet, memoryColumn } from '../../../main/workers/training/feeds.ts';
import { prepareImages } from '../../../main/workers/training/prepared-set.ts';
import { openRawData } from '../../../main/workers/training/raw-data.ts';
import { imagePreprocessing } from '../../../main/workers/training/statistics.ts';
import { StepRunner } from '../../../main/workers/training/step-runner.ts';
import { UpcomingRows } from '../../../main/workers/training/upcoming-rows.ts';
import { Studio } from '../results/studio.ts';
import { localTarget } from '../training/ours.ts';
import { type Crops, writePhotographs } from './photographs.ts';

const BATCH = 64;
const WARM_UP_STEPS = 4;

interface InputCase {
  readonly name: string;
  readonly crops: Crops;
  /** What the model sees of a picture. */
  readonly size: number;
  /** Prepared pictures are kept; otherwise they are made for every batch. */
  readonly inMemory: boolean;
  /** The first epoch alone, or those after it; all without. */
  readonly epochs?: 'first' | 'later';
}

const small: Crops = { count: 1024, width: 32, height: 32 };
const large: Crops = { count: 1024, width: 320, height: 240 };

/** ResNet-8 at 3 × 32 × 32, and at sizes at which pictures in large numbers fit into no memory. */
const cases: readonly InputCase[] = [
  { name: '32 x 32, in memory', crops: small, size: 32, inMemory: true },
  { name: 'JPEG 320 x 240 at 32 x 32, in memory', crops: large, size: 32, inMemory: true },
  { name: '32 x 32, batch by batch', crops: small, size: 32, inMemory: false },
  {
    name: 'JPEG 320 x 240 at 32 x 32, batch by batch, first epoch',
    crops: large,
    size: 32,
    inMemory: false,
    epochs: 'first',
  },
  {
    name: 'JPEG 320 x 240 at 32 x 32, batch by batch, later epochs',
    crops: large,
    size: 32,
    inMemory: false,
    epochs: 'later',
  },
  { name: 'JPEG 320 x 240 at 128 x 128, batch by batch', crops: large, size: 128, inMemory: false },
];

const augmentation: AugmentationSpec = { kind: 'image', horizontalFlip: 0.5, crop: 4 };

/**
 * `bench input [--steps 60] [--threads 2]`: which share of the time that steps take goes by in the session, the rest being
 * spent on waiting for the pictures of the batch. Photographs are imported and read as a run does, shuffled, augmented.
 * Prints one JSON object last.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { steps: { type: 'string', default: '60' }, threads: { type: 'string', default: '2' } },
  });
  const folder = mkdtempSync(path.join(tmpdir(), 'lightbench-input-'));
  const workspace = path.join(folder, 'workspace');
  const results: object[] = [];
  try {
    const studio = await Studio.open(workspace);
    const digests = new Map<Crops, string>();
    for (const crops of [small, large]) {
      const name = `crops-${crops.width}`;
      await writePhotographs(path.join(folder, name), crops);
      const { digest } = await studio.path(name, path.join(folder, name));
      digests.set(crops, digest);
    }
    await studio.close();
    const stored = Workspace.open({ folder: workspace, clock: systemClock, application: 'bench' });
    const manifests = new Map([...digests].map(([crops, digest]) => [crops, stored.datasets.version(digest)]));
    stored.close();
    for (const each of cases) {
      const manifest = manifests.get(each.crops)?.manifestDigest ?? '';
      const found = await measure(each, workspace, manifest, Number(values.steps), Number(values.threads));
      results.push({ name: each.name, ...found });
      console.error(JSON.stringify(results.at(-1)));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  console.log(JSON.stringify({ input: results }));
}

async function measure(
  { size, inMemory, epochs }: InputCase,
  workspace: string,
  manifest: string,
  mostSteps: number,
  threads: number,
) {
  const raw = openRawData(workspace, manifest);
  const { images } = raw;
  if (images === null) throw new Error('The photographs are no pictures.');
  const items = Int32Array.from({ length: raw.count }, (_, item) => item);
  const preprocessing = await imagePreprocessing(images, items, { normalize: 'dataset', resize: [size, size] });
  const settings = { provider: 'cpu', threads, spinning: true } as const;
  const budget = inMemory ? Number.POSITIVE_INFINITY : 0;
  const prepared = await prepareImages(images, items, preprocessing, { provider: 'cpu', threads }, () => {}, budget);
  const y = BigInt64Array.from(items, (item) => BigInt(item % 2));
  const set = columnSet(items.length, [prepared.column, memoryColumn('y', [], y)], prepared.dispose);
  const model = buildModel(
    { kind: 'resnet', channels: [16, 32, 64] },
    { kind: 'image', channels: 3, height: size, width: size },
    { kind: 'classification', classes: 2 },
  );
  const target = await localTarget();
  const options = { loss: { kind: 'cross_entropy' }, optimizer: { kind: 'adamw' }, augmentation, target } as const;
  const runner = await StepRunner.create(model, options, settings, BATCH, null);
  const perEpoch = Math.floor(items.length / BATCH);
  const orders = new Map<number, Uint32Array>();
  const orderOf = (epoch: number): Uint32Array => {
    const order = orders.get(epoch) ?? seededRandom(0, epoch).shuffle(Uint32Array.from(items));
    orders.set(epoch, order);
    return order;
  };
  const upcoming = new UpcomingRows(set, BATCH, perEpoch, orderOf);
  let [waitedMs, computedMs] = [0, 0];
  const before = epochs === 'later' ? perEpoch : WARM_UP_STEPS;
  const steps = epochs === 'first' ? Math.min(mostSteps, perEpoch - before) : mostSteps;
  for (let step = 0; step < before + steps; step++) {
    const place = step % perEpoch;
    const rows = orderOf(Math.floor(step / perEpoch)).subarray(place * BATCH, (place + 1) * BATCH);
    const begunAt = performance.now();
    const feeds = await set.feeds(rows, 1);
    upcoming.announce(step + 1, before + steps);
    const fedAt = performance.now();
    await runner.run(step + 1, Float32Array.of(1e-3), 0, feeds);
    if (step < before) continue;
    waitedMs += fedAt - begunAt;
    computedMs += performance.now() - fedAt;
  }
  await runner.dispose();
  await set.dispose();
  raw.close();
  return {
    sessionShare: round(computedMs / (waitedMs + computedMs)),
    stepMs: round((waitedMs + computedMs) / steps),
    waitedMs: round(waitedMs / steps),
  };
}

const round = (value: number): number => Math.round(value * 1000) / 1000;
