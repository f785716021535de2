/**
 * Entry of the thread that looks for similar pictures while the import process stores them. It loads nothing but
 * arithmetic, so that it is ready before the first pictures are.
 */
import { parentPort } from 'node:worker_threads';
import { Sketcher } from '../stats/cell-sketch.ts';
import { comparePairs, sortIntoGrid } from '../stats/correlation-grid.ts';
import { flatPairs } from '../stats/near-duplicates.ts';
import { hashPictures, type SimilarityAnswer, type SimilarityTask } from './import/similarity-thread.ts';

const port = parentPort;
if (port === null) throw new Error('The similarity thread was started as a program');
const sketcher = new Sketcher();
const send = (answer: SimilarityAnswer) => port.postMessage(answer);

port.on('message', (task: SimilarityTask) => {
  switch (task.type) {
    case 'hash':
      hashPictures(task);
      return send({ type: 'done' });
    case 'sketch':
      sketcher.sketch(task.sketches);
      return send({ type: 'done' });
    case 'compare': {
      const { sketches, omitted, distance } = task;
      const grid = sortIntoGrid(sketches, omitted);
      send({ type: 'sorted', grid });
      const pairs = comparePairs(grid, sketches, distance);
      return send({ type: 'compared', pairs: [...pairs, ...flatPairs(sketches, omitted, distance)] });
    }
  }
});
