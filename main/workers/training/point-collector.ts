import type { MetricPoint } from '../../contract/training.ts';
import type { TrainerMessage } from '../../contract/training-worker.ts';
import { residentBytes } from '../../runtime/index.ts';
import type { StepFigures } from './step-runner.ts';
import type { FigureReading } from './tasks/task.ts';

const POINT_EVERY_MS = 1000;
const SEND_EVERY_MS = 250;
const nothing = {
  steps: 0,
  samples: 0,
  durationMs: 0,
  waitedMs: 0,
  loss: 0,
  learningRate: 0,
  gradientNorm: Number.NaN,
};

/** What is measured, and how its figures are to be read. */
interface Measured {
  readonly stepsPerEpoch: number;
  /** Steps to a point at most, unless they take long. */
  readonly pointEvery: number;
  readonly figures: readonly FigureReading[];
  /** What the machine was taken up with since the last point. */
  readonly resources?: () => Readonly<Record<string, number>>;
}

/** Milliseconds of a clock that never goes back. */
export interface Stopwatch {
  now(): number;
  /** How long the run had been trained at a time of this clock, earlier sessions included. */
  elapsedAt(nowMs: number): number;
}

/** Sums the figures of steps up to points, and sends points and progress a few times a second. */
export class PointCollector {
  epochSeconds: number | null = null;
  readonly #control: { send(message: TrainerMessage): void };
  readonly #stopwatch: Stopwatch;
  readonly #measured: Measured;
  #pending: MetricPoint[] = [];
  #sum = { ...nothing };
  /** Sums of the further figures by metric; means are weighted by samples. */
  #figures: Record<string, number> = {};
  /** What they are shares of. */
  #wholes: Record<string, number> = {};
  #extra: Record<string, number> = {};
  #pointAt: number;
  /** When the latest step ended. */
  #stepAt: number;
  #stepMs = 0;
  #sentAt: number;

  constructor(control: { send(message: TrainerMessage): void }, stopwatch: Stopwatch, measured: Measured) {
    this.#control = control;
    this.#stopwatch = stopwatch;
    this.#measured = measured;
    this.#pointAt = stopwatch.now();
    this.#stepAt = this.#pointAt;
    this.#sentAt = this.#pointAt;
  }

  /** The next steps begin, several perhaps in one go. */
  begin(): void {
    this.#stepAt = this.#stopwatch.now();
  }

  /** Their data are there. */
  fed(): void {
    this.#sum.waitedMs += this.#stopwatch.now() - this.#stepAt;
  }

  /** They have ended. When each of them did is not known: as if each had taken as long. Now `add` each. */
  ran(steps: number): void {
    this.#stepMs = (this.#stopwatch.now() - this.#stepAt) / steps;
  }

  add(step: number, samples: number, learningRate: number, figures: StepFigures): void {
    const sum = this.#sum;
    const { figures: readings, pointEvery, stepsPerEpoch } = this.#measured;
    sum.steps++;
    sum.durationMs += this.#stepMs;
    sum.samples += samples;
    sum.loss += figures.loss * samples;
    for (const { figure, metric, kind, of } of readings) {
      this.#figures[metric] = (this.#figures[metric] ?? 0) + figures.values[figure] * (kind === 'count' ? 1 : samples);
      this.#wholes[metric] = (this.#wholes[metric] ?? 0) + (of === undefined ? samples : figures.values[of]);
    }
    sum.learningRate = learningRate;
    // Several steps in one go take it at the last of them.
    if (!Number.isNaN(figures.gradientNorm)) sum.gradientNorm = figures.gradientNorm;
    this.#stepAt += this.#stepMs;
    const full = sum.steps >= pointEvery || this.#stepAt - this.#pointAt >= POINT_EVERY_MS;
    if (full && step % stepsPerEpoch !== 0) this.close(step, this.#stepAt);
  }

  /** Adds figures to the present point: of the validation, of the layers. */
  note(values: Readonly<Record<string, number>>): void {
    this.#extra = { ...this.#extra, ...values };
  }

  /** Ends the present point. The last step of an epoch carries the validation. */
  close(step: number, at = this.#stopwatch.now()): void {
    const sum = this.#sum;
    if (sum.steps === 0) return;
    const { figures, stepsPerEpoch } = this.#measured;
    const values: Record<string, number> = {
      train_loss: sum.loss / sum.samples,
      ...Object.fromEntries(
        figures.map(({ metric, unit }) => [metric, (this.#figures[metric] / this.#wholes[metric]) * unit]),
      ),
      learning_rate: sum.learningRate,
      gradient_norm: sum.gradientNorm,
      // Of the steps alone: validation and checkpoints are no part of it.
      samples_per_second: (sum.samples / sum.durationMs) * 1000,
      steps_per_second: (sum.steps / sum.durationMs) * 1000,
      // Of the time that steps take, what went by until their data were there.
      data_wait_share: sum.waitedMs / sum.durationMs,
      memory_bytes: residentBytes(),
      ...this.#measured.resources?.(),
      ...this.#extra,
      ...(this.epochSeconds === null ? {} : { epoch_seconds: this.epochSeconds }),
    };
    this.#pending.push({
      step,
      epoch: step / stepsPerEpoch,
      elapsedMs: this.#stopwatch.elapsedAt(at),
      values: Object.fromEntries(Object.entries(values).filter(([, value]) => Number.isFinite(value))),
    });
    this.#sum = { ...nothing };
    this.#figures = {};
    this.#wholes = {};
    this.#extra = {};
    this.epochSeconds = null;
    this.#pointAt = at;
  }

  tick(step: number, totalSteps: number): void {
    const now = this.#stopwatch.now();
    if (now - this.#sentAt < SEND_EVERY_MS) return;
    this.#sentAt = now;
    this.flush();
    this.#control.send({ type: 'progress', phase: 'Training', done: step, total: totalSteps, unit: 'steps' });
  }

  flush(): void {
    if (this.#pending.length === 0) return;
    this.#control.send({ type: 'points', points: this.#pending });
    this.#pending = [];
  }
}
