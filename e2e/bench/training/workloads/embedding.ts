import type { CompilableModel, Tensor, Trace } from '../../../../main/graph/index.ts';
import { Embedding, Linear, Module, sequenceMean } from '../../../../main/graph/index.ts';
import type { Workload } from './workload.ts';
import { adamw, ids } from './workload.ts';

const BATCH = 64;
const LENGTH = 128;
const VOCABULARY = 32_000;
const WIDTH = 256;

/** The mean of the vectors of a text, and a class from it: nearly all of the work is the table. */
class BagOfEmbeddings extends Module {
  readonly kind = 'BagOfEmbeddings';
  readonly embedding = new Embedding(VOCABULARY, WIDTH);
  readonly head = new Linear(WIDTH, 10);

  forward(x: Tensor, trace: Trace): Tensor {
    return trace.run('head', this.head, sequenceMean(trace.run('embedding', this.embedding, x)));
  }
}

const model: CompilableModel = { module: new BagOfEmbeddings(), inputShape: [LENGTH], inputType: 'int64' };

export const embedding: Workload = {
  name: 'embedding',
  stepsPerRun: 1,
  model,
  loss: { kind: 'cross_entropy' },
  optimizer: adamw,
  data: { x: ids([BATCH, LENGTH], VOCABULARY), y: ids([BATCH], 10) },
};
