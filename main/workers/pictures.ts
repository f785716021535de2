/** Entry of a thread that decodes pictures and prepares them for a model while another thread computes. */
import { workerData } from 'node:worker_threads';
import { asLightbenchError } from './training/as-lightbench-error.ts';
import { throughCache } from './training/picture-cache.ts';
import type { PicturesAnswer, PicturesRequest, PicturesTask } from './training/picture-threads.ts';
import { openPreparation } from './training/prepared-set.ts';
import { openRawData } from './training/raw-data.ts';

const { port, workspaceFolder, manifestDigest, preprocessing, cache } = workerData as PicturesTask;
const { images } = openRawData(workspaceFolder, manifestDigest);
if (images === null) throw new Error('The dataset holds no pictures.');
// One thread each: there are as many of these as may be busy.
const preparation = openPreparation(images, preprocessing, { provider: 'cpu', threads: 1 }).then((made) =>
  cache ? throughCache(made, cache) : made,
);
let last: Promise<void> = Promise.resolve();

port.on('message', (request: PicturesRequest) => {
  last = last.then(() => serve(request));
});

async function serve({ items, into }: PicturesRequest): Promise<void> {
  let answer: PicturesAnswer = null;
  try {
    await (await preparation).prepare(items, into);
  } catch (error) {
    answer = asLightbenchError(error).toRecord();
  }
  port.postMessage(answer);
}
