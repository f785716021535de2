/** Entry of a thread of the trainer that computes the gradients of its share of each batch, and updates its part of the state. */
import { workerData } from 'node:worker_threads';
import type { ReplicaTask } from './training/replica-thread.ts';
import { COMMAND, DONE, FAILED, READY, SET, STATUS, TASK, TASKS } from './training/replica-words.ts';
import { UpdatePart } from './training/update-part.ts';

const { control, port, share, update } = workerData as ReplicaTask;

async function serve(): Promise<void> {
  // The runtime takes some 10 MiB, and only those who share the batch need it.
  const own =
    share && (await import('./training/replica-share.ts').then(({ ReplicaShare }) => ReplicaShare.open(share)));
  const part = update && new UpdatePart(update.task, update.thread);
  let seen = 0;
  answer(READY);
  for (;;) {
    Atomics.wait(control, COMMAND, seen);
    seen = Atomics.load(control, COMMAND);
    const set = Atomics.load(control, SET) as 0 | 1;
    const task = TASKS[Atomics.load(control, TASK)];
    if (task === 'backward') await own?.run(set, control, port);
    else part?.run(task, set);
    answer(READY);
  }
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
