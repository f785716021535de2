import type { PredictionRecord } from '../../contract/serving.ts';
import type { EngineContext } from '../core/context.ts';

const LATENCY_WINDOW = 1000;
const TELL_EVERY_MS = 1000;
/** A log is cut back after so many further records: looking for its end costs more than a record. */
const CUT_EVERY = 1000;

export interface EndpointFigures {
  readonly requests: number;
  readonly failures: number;
  readonly latencyP50Ms: number | null;
  readonly latencyP95Ms: number | null;
}

/** The prediction log of every endpoint, and the figures over it. */
export class PredictionStore {
  readonly #context: EngineContext;
  readonly #totals = new Map<string, { requests: number; failures: number }>();
  readonly #told = new Map<string, number>();
  readonly #sinceCut = new Map<string, number>();

  constructor(context: EngineContext) {
    this.#context = context;
  }

  append(endpoint: string, records: readonly PredictionRecord[]): void {
    const totals = this.#totalsOf(endpoint);
    this.#context.workspace.serving.appendPredictions(records);
    totals.requests += records.length;
    totals.failures += records.filter((record) => record.status >= 400).length;
    const since = (this.#sinceCut.get(endpoint) ?? 0) + records.length;
    this.#sinceCut.set(endpoint, since);
    if (since >= CUT_EVERY) this.cut(endpoint);
    const now = performance.now();
    if (now - (this.#told.get(endpoint) ?? Number.NEGATIVE_INFINITY) < TELL_EVERY_MS) return;
    this.#told.set(endpoint, now);
    this.#context.changed('deployments', [endpoint]);
  }

  /** Forgets what the log of an endpoint has beyond the limit of the workspace; the totals stay. */
  cut(endpoint: string): void {
    const { serving, settings } = this.#context.workspace;
    serving.forgetPredictions(endpoint, settings.predictionLogLimit);
    this.#sinceCut.set(endpoint, 0);
  }

  figures(endpoint: string): EndpointFigures {
    const durations = this.#context.workspace.serving
      .recentDurationsMs(endpoint, LATENCY_WINDOW)
      .toSorted((a, b) => a - b);
    const at = (fraction: number) =>
      durations.length === 0
        ? null
        : durations[Math.min(durations.length - 1, Math.floor(durations.length * fraction))];
    return { ...this.#totalsOf(endpoint), latencyP50Ms: at(0.5), latencyP95Ms: at(0.95) };
  }

  /** Counted once, then carried along: a log grows to millions of rows. */
  #totalsOf(endpoint: string): { requests: number; failures: number } {
    let totals = this.#totals.get(endpoint);
    if (totals === undefined) {
      totals = this.#context.workspace.serving.predictionTotals(endpoint);
      this.#totals.set(endpoint, totals);
    }
    return totals;
  }
}
