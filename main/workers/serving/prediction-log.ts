import { newId } from '../../base/ids.ts';
import type { PredictionRecord } from '../../contract/serving.ts';
import type { Tensor } from '../../formats/open-inference/datatype.ts';
import type { ServedBundle } from './predictor.ts';

/** How many of the last durations the percentiles are taken of. */
const WINDOW = 1000;
/** A record names at most so many predictions of one batch. */
const LONGEST_BATCH = 1000;

export interface Outcome {
  readonly bundle: ServedBundle;
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly status: number;
  readonly batchSize: number;
  readonly outputs: readonly Tensor[];
  /** What was written, by a model that goes on with a text. */
  readonly written?: string;
  readonly error: string | null;
}

/** One record per inference request, and the figures over them. */
export class PredictionLog {
  readonly #endpoint: string;
  readonly #write: (record: PredictionRecord) => void;
  readonly #durationsMs: number[] = [];
  #requests = 0;
  #failures = 0;

  constructor(endpoint: string, write: (record: PredictionRecord) => void) {
    this.#endpoint = endpoint;
    this.#write = write;
  }

  add(outcome: Outcome): PredictionRecord {
    this.#requests++;
    if (outcome.status >= 400) this.#failures++;
    else this.#durationsMs.push(outcome.durationMs);
    if (this.#durationsMs.length > WINDOW) this.#durationsMs.shift();
    const record: PredictionRecord = {
      id: newId('prediction', outcome.startedAtMs),
      time: new Date(outcome.startedAtMs).toISOString(),
      endpoint: this.#endpoint,
      modelName: outcome.bundle.modelName,
      version: outcome.bundle.version,
      bundleDigest: outcome.bundle.digest,
      batchSize: outcome.batchSize,
      durationMs: outcome.durationMs,
      status: outcome.status,
      ...(outcome.written === undefined
        ? answerOf(outcome.bundle.classes, outcome.outputs)
        : { predicted: [outcome.written], confidence: [] }),
      error: outcome.error,
    };
    this.#write(record);
    return record;
  }

  /** In the text format of Prometheus. */
  metrics(bundle: ServedBundle, pending: number): string {
    const sorted = this.#durationsMs.toSorted((a, b) => a - b);
    const at = (fraction: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? 0;
    const labels = `model="${escapeLabel(bundle.modelName)}",version="${bundle.version}"`;
    return [
      '# HELP lightbench_requests_total Inference requests since the start.',
      '# TYPE lightbench_requests_total counter',
      `lightbench_requests_total ${this.#requests}`,
      '# HELP lightbench_failures_total Inference requests that were not answered with 200.',
      '# TYPE lightbench_failures_total counter',
      `lightbench_failures_total ${this.#failures}`,
      '# HELP lightbench_pending_requests Requests that wait for the model.',
      '# TYPE lightbench_pending_requests gauge',
      `lightbench_pending_requests ${pending}`,
      `# HELP lightbench_latency_milliseconds Duration of the last ${WINDOW} answered requests.`,
      '# TYPE lightbench_latency_milliseconds summary',
      `lightbench_latency_milliseconds{quantile="0.5"} ${at(0.5)}`,
      `lightbench_latency_milliseconds{quantile="0.95"} ${at(0.95)}`,
      '# HELP lightbench_model_info What is being served.',
      '# TYPE lightbench_model_info gauge',
      `lightbench_model_info{${labels},bundle="${bundle.digest}"} 1`,
      '',
    ].join('\n');
  }
}

/** The ids of every row, without what fills it. */
function idsOf({ data, shape: [count = 0, length = 0] }: Tensor): string[] {
  const ids = Array.from(data as ArrayLike<bigint>);
  return Array.from({ length: Math.min(count, LONGEST_BATCH) }, (_, row) =>
    ids
      .slice(row * length, (row + 1) * length)
      .filter((id) => id !== 0n)
      .join(' '),
  );
}

/** The most probable class of every row, the predicted number, or the written sequence; nothing of pictures, texts and embeddings. */
function answerOf(
  classes: readonly string[],
  outputs: readonly Tensor[],
): Pick<PredictionRecord, 'predicted' | 'confidence'> {
  const sequences = outputs.find(({ name }) => name === 'sequences');
  if (sequences !== undefined) return { predicted: idsOf(sequences), confidence: [] };
  const main = outputs.find(({ name }) => name === 'probabilities') ?? outputs[0];
  const isPicture = outputs.some(({ name }) => name === 'mask' || name === 'detections' || name === 'image');
  // Probabilities of pixels or of tokens are no answer to the whole.
  const inParts = main?.name === 'probabilities' && main.shape.length !== 2;
  const isEmbedding = main?.name === 'embedding';
  if (isPicture || inParts || isEmbedding || main === undefined || !(main.data instanceof Float32Array))
    return { predicted: [], confidence: [] };
  const { data } = main;
  const rows = Math.min(main.shape[0] ?? 0, LONGEST_BATCH);
  const width = rows === 0 ? 0 : data.length / main.shape[0];
  if (classes.length === 0 || main.name !== 'probabilities')
    return { predicted: Array.from({ length: rows }, (_, row) => String(data[row * width])), confidence: [] };
  const predicted: string[] = [];
  const confidence: number[] = [];
  for (let row = 0; row < rows; row++) {
    let best = 0;
    for (let index = 1; index < width; index++) if (data[row * width + index] > data[row * width + best]) best = index;
    predicted.push(classes[best] ?? String(best));
    // A probability that is not a number must not make the whole record unreadable.
    confidence.push(Number.isFinite(data[row * width + best]) ? data[row * width + best] : 0);
  }
  return { predicted, confidence };
}

function escapeLabel(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}
