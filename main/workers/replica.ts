/** Entry of a thread of the trainer that computes the gradients of its share of each batch. */
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { float32Tensor, RuntimeSession, type RuntimeTensor } from '../runtime/index.ts';
import { BatchShare } from './training/batch-share.ts';
import type { Feed, FeedData } from './training/feeds.ts';
import type { ReplicaInputs, ReplicaTask } from './training/replica-thread.ts';
import { COMMAND, DONE, DRAW, FAILED, READY, ROWS, SEED, SET, STATUS, TASK, TASKS } from './training/replica-thread.ts';
import { UpdatePart } from './training/shared-update.ts';

const { control, port, backward, settings, parameters, figureNames, parts, update } = workerData as ReplicaTask;

async function serve(): Promise<void> {
  const session = await RuntimeSession.create(backward, { ...settings, flushDenormals: true, outputsGiven: true });
  const sets = [0, 1].map((set) => tensorsOf(parameters.map(({ sets, ...entry }) => ({ ...entry, data: sets[set] }))));
  const share = new BatchShare(session, figureNames, parts);
  const part = update && new UpdatePart(update.task, update.thread);
  let inputs: ReplicaInputs = {};
  let seen = 0;
  answer(READY);
  for (;;) {
    Atomics.wait(control, COMMAND, seen);
    seen = Atomics.load(control, COMMAND);
    const set = Atomics.load(control, SET) as 0 | 1;
    const task = TASKS[Atomics.load(control, TASK)];
    if (task !== 'backward') {
      part?.run(task, set);
      answer(READY);
      continue;
    }
    const news = receiveMessageOnPort(port);
    if (news) inputs = news.message;
    const rows = Atomics.load(control, ROWS);
    const feeds: Record<string, Feed> = {};
    for (const [name, { data, sample }] of Object.entries(inputs)) {
      const length = sample.reduce((product, size) => product * size, rows);
      feeds[name] = { data: data.subarray(0, length) as FeedData, dims: [rows, ...sample] };
    }
    await share.run(sets[set], feeds, rows, Atomics.load(control, DRAW), Atomics.load(control, SEED));
    answer(READY);
  }
}

function tensorsOf(
  entries: readonly { readonly name: string; readonly shape: readonly number[]; readonly data: Float32Array }[],
): Record<string, RuntimeTensor> {
  return Object.fromEntries(entries.map(({ name, shape, data }) => [name, float32Tensor(data, shape)]));
}

function answer(status: number): void {
  Atomics.store(control, STATUS, status);
  Atomics.add(control, DONE, 1);
  Atomics.notify(control, DONE);
}

serve().catch((error: unknown) => {
  port.postMessage(error instanceof Error ? error.message : String(error));
  answer(FAILED);
});
