import type { Split } from '../../contract/datasets.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { Evaluation, ItemEvaluation } from '../../contract/evaluation.ts';
import type { RunConfig } from '../../contract/run-config.ts';
import type { NearestPictures } from '../../contract/serving.ts';
import type { Run } from '../../contract/training.ts';
import { evaluatorMessage } from '../../contract/training-worker.ts';
import { readSafetensors } from '../../formats/safetensors/safetensors.ts';
import type { Caller, EngineContext, HandlersOf } from '../core/context.ts';
import type { ItemPredictions } from '../datasets/index.ts';
import type { ChosenDevice } from '../devices/index.ts';
import type { JobContext, Jobs } from '../jobs/index.ts';
import { startWorker } from '../processes/worker-process.ts';
import type { Experiments, RunRecords } from '../training/index.ts';
import { embeddedItems, nearestItems } from './embedded-items.ts';
import { itemEvaluation } from './item-evaluation.ts';

/** Runs whose predictions stay in memory; 70,000 items take half a megabyte. */
const KEPT = 8;
/** Pictures that are shown beside the one that was asked about. */
const NEAREST = 12;

export interface EvaluationNeighbours {
  readonly records: RunRecords;
  readonly experiments: Experiments;
  readonly datasets: { get(digest: string): { readonly rows: number } };
  readonly devices: { choose(config: Pick<RunConfig, 'device' | 'threads'>): Promise<ChosenDevice> };
}

interface Specification {
  readonly runId: string;
  readonly split: Split;
}

/** How good a run is on a split, and what it said of every item. */
export class Evaluations {
  readonly #context: EngineContext;
  readonly #jobs: Jobs;
  readonly #neighbours: EvaluationNeighbours;
  /** By run and the digests of its predictions: a new evaluation is another key. */
  readonly #predictions = new Map<string, ItemPredictions>();

  readonly handlers: HandlersOf<'evaluation'> = {
    'evaluation.list': ({ runId }) => this.list(runId),
    'evaluation.item': ({ runId, split, index }) => this.#item(runId, split, index),
    'evaluation.start': ({ runId, split }, caller) => this.#start(runId, split, caller),
  };

  constructor(context: EngineContext, jobs: Jobs, neighbours: EvaluationNeighbours) {
    this.#context = context;
    this.#jobs = jobs;
    this.#neighbours = neighbours;
    jobs.define({
      kind: 'evaluation',
      concurrency: 1,
      run: (specification, job) => this.#run(specification as Specification, job),
    });
  }

  /** @throws LightbenchError record.not_found */
  list(runId: string): Evaluation[] {
    this.#neighbours.records.get(runId);
    return this.#context.workspace.runs.evaluations(runId).map(({ evaluation }) => evaluation);
  }

  /**
   * What the best checkpoint said of every item of the run's dataset: −1 and NaN where it was not asked. Undefined for
   * another dataset, before any evaluation, and for regression.
   */
  predictions(runId: string, datasetDigest: string): ItemPredictions | undefined {
    const { workspace } = this.#context;
    const run = this.#neighbours.records.get(runId);
    if (run.datasetDigest !== datasetDigest) return undefined;
    const stored = workspace.runs.evaluations(runId).filter(({ evaluation }) => evaluation.classification !== null);
    if (stored.length === 0) return undefined;
    const key = [runId, ...stored.map(({ predictionsDigest }) => predictionsDigest)].join();
    const known = this.#predictions.get(key);
    if (known !== undefined) return known;
    const { rows } = this.#neighbours.datasets.get(datasetDigest);
    const merged = { predicted: new Int32Array(rows).fill(-1), confidence: new Float32Array(rows).fill(Number.NaN) };
    for (const { predictionsDigest } of stored)
      addPredictions(merged, workspace.artifacts.read(predictionsDigest), predictionsDigest);
    this.#predictions.set(key, merged);
    if (this.#predictions.size > KEPT) this.#predictions.delete([...this.#predictions.keys()][0]);
    return merged;
  }

  /**
   * What lies nearest to an embedding among the pictures that a run was evaluated on.
   *
   * @param asked whose embedding it is: it does not count as its own neighbour
   * @throws LightbenchError record.not_found where no evaluation of embeddings is there
   */
  nearest(
    runId: string,
    asked: { readonly datasetDigest: string; readonly index: number },
    embedding: readonly number[],
  ): NearestPictures {
    const { workspace } = this.#context;
    const { datasetDigest } = this.#neighbours.records.get(runId);
    const stored = workspace.runs.evaluations(runId).filter(({ evaluation }) => evaluation.retrieval !== undefined);
    if (stored.length === 0)
      throw new LightbenchError(
        'record.not_found',
        'The run was not evaluated: there are no pictures to compare with.',
      );
    const own = asked.datasetDigest === datasetDigest ? asked.index : undefined;
    const searched = stored.map(({ evaluation, predictionsDigest }) => ({
      split: evaluation.split,
      items: embeddedItems(workspace.artifacts.read(predictionsDigest), predictionsDigest),
    }));
    const label = searched.flatMap(({ items }) => {
      const row = own === undefined ? -1 : items.indices.indexOf(own);
      return row < 0 ? [] : [items.labels[row]];
    });
    return {
      datasetDigest,
      splits: searched.map(({ split }) => split),
      searched: searched.reduce((sum, { items }) => sum + items.indices.length, 0) - label.length,
      label: label[0] ?? null,
      found: searched
        .flatMap(({ items }) => nearestItems(items, embedding, NEAREST, own))
        .sort((a, b) => b.similarity - a.similarity)
        .slice(0, NEAREST),
    };
  }

  #item(runId: string, split: Split, index: number): ItemEvaluation {
    const { workspace } = this.#context;
    this.#neighbours.records.get(runId);
    const stored = workspace.runs.evaluations(runId).find(({ evaluation }) => evaluation.split === split);
    if (stored === undefined) throw new LightbenchError('record.not_found', `The run was not evaluated on ${split}.`);
    const digest = stored.predictionsDigest;
    return itemEvaluation(workspace.artifacts.read(digest), digest, index);
  }

  #start(runId: string, split: Split, caller: Caller): { jobId: string } {
    const run = this.#neighbours.records.get(runId);
    checkpointOf(run);
    const job = this.#jobs.start({
      kind: 'evaluation',
      title: `Evaluate ${run.name} on ${split}`,
      createdBy: caller.userName,
      specification: { runId, split } satisfies Specification,
      subject: { runId, datasetDigest: run.datasetDigest },
      resumable: true,
    });
    return { jobId: job.id };
  }

  async #run({ runId, split }: Specification, job: JobContext): Promise<'finished'> {
    const { records, experiments, devices } = this.#neighbours;
    const run = records.get(runId);
    const device = await devices.choose({ device: 'cpu', threads: run.threads });
    const worker = startWorker({
      entry: this.#context.workerEntry,
      name: 'evaluator',
      input: { ...experiments.inputOf(run, device), checkpointDigest: checkpointOf(run), splits: [split] },
      messages: evaluatorMessage,
      onMessage: (message) => {
        if (message.type === 'evaluation') records.addEvaluation(runId, message.evaluation, message.predictions);
        else if (message.type === 'progress') job.progress(message);
        else job.log(message.level, message.text);
      },
      signal: job.signal,
    });
    await worker.result;
    return 'finished';
  }
}

function checkpointOf(run: Run): string {
  const digest = run.bestCheckpoint ?? run.lastCheckpoint;
  if (digest === null) throw new LightbenchError('run.wrong_state', `${run.name} has no checkpoint to evaluate.`);
  return digest;
}

function addPredictions(
  merged: { readonly predicted: Int32Array; readonly confidence: Float32Array },
  bytes: Uint8Array,
  digest: string,
): void {
  const { tensors } = readSafetensors(bytes, digest);
  const indices = tensors.get('indices');
  const probabilities = tensors.get('probabilities');
  if (indices === undefined || probabilities === undefined)
    throw new LightbenchError('workspace.damaged', `The predictions ${digest} cannot be read.`, {
      details: { digest },
    });
  const width = probabilities.shape[1];
  indices.data.forEach((item, row) => {
    let best = 0;
    for (let k = 1; k < width; k++)
      if (probabilities.data[row * width + k] > probabilities.data[row * width + best]) best = k;
    merged.predicted[item] = best;
    merged.confidence[item] = probabilities.data[row * width + best];
  });
}
