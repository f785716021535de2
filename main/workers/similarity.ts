/**
 * Entry of the thread that looks for similar pictures while the import process stores them. It loads nothing but
 * arithmetic, so that it is ready before the first pictures are.
 */
import { parentPort } from 'node:worker_threads';
import { nearDuplicates } from '../stats/near-duplicates.ts';
import { perceptualHasher } from '../stats/perceptual-hash.ts';
import type { SimilarityAnswer, SimilarityTask } from './import/similarity-thread.ts';

const port = parentPort;
if (port === null) throw new Error('The similarity thread was started as a program');
port.on('message', (task: SimilarityTask) => port.postMessage(answer(task)));

function answer(task: SimilarityTask): SimilarityAnswer {
  if (task.type === 'group') return nearDuplicates(task.hashes, task.distance).groups;
  const { shape, pixels, hashes } = task;
  const hashItem = perceptualHasher(shape);
  const itemBytes = shape.width * shape.height * shape.channels;
  for (let item = 0; item < hashes.brightness.length; item++) hashItem(pixels, item * itemBytes, hashes, item);
  return [];
}
