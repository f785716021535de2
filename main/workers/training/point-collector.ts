import type { MetricPoint } from '../../contract/training.ts';
import type { TrainerMessage } from '../../contract/training-worker.ts';
import { residentBytes } from '../../runtime/index.ts';
import type { Experiment } from './experiment.ts';
import type { StepFigures } from './step-runner.ts';

const POINT_EVERY_MS = 1000;
const SEND_EVERY_MS = 250;

/** Sums the figures of steps up to points, and sends points and progress a few times a second. */
export class PointCollector {
  epochSeconds: number | null = null;
  readonly #control: { send(message: TrainerMessage): void };
  readonly #elapsedMs: () => number;
  readonly #stepsPerEpoch: number;
  readonly #pointEvery: number;
  readonly #experiment: Experiment;
  #pending: MetricPoint[] = [];
  #sum = { steps: 0, samples: 0, loss: 0, metric: 0, learningRate: 0, gradientNorm: 0 };
  #extra: Record<string, number> = {};
  #pointAt = performance.now();
  #stepAt = performance.now();
  #sentAt = performance.now();

  constructor(
    control: { send(message: TrainerMessage): void },
    elapsedMs: () => number,
    stepsPerEpoch: number,
    pointEvery: number,
    experiment: Experiment,
  ) {
    this.#control = control;
    this.#elapsedMs = elapsedMs;
    this.#stepsPerEpoch = stepsPerEpoch;
    this.#pointEvery = pointEvery;
    this.#experiment = experiment;
  }

  add(step: number, samples: number, learningRate: number, figures: StepFigures): void {
    const sum = this.#sum;
    const classifies = this.#experiment.input.classes.length > 0;
    sum.steps++;
    sum.samples += samples;
    sum.loss += figures.loss * samples;
    sum.metric += classifies ? figures.metric : figures.metric * samples;
    sum.learningRate = learningRate;
    sum.gradientNorm = figures.gradientNorm;
    this.#stepAt = performance.now();
    const full = sum.steps >= this.#pointEvery || this.#stepAt - this.#pointAt >= POINT_EVERY_MS;
    if (full && step % this.#stepsPerEpoch !== 0) this.close(step);
  }

  validated(values: Readonly<Record<string, number>>): void {
    this.#extra = { ...this.#extra, ...values };
  }

  /** Ends the present point. The last step of an epoch carries the validation. */
  close(step: number): void {
    const sum = this.#sum;
    if (sum.steps === 0) return;
    // Validation and checkpoints come after the last step of a point and are no part of its throughput.
    const seconds = Math.max(1e-6, (this.#stepAt - this.#pointAt) / 1000);
    const classifies = this.#experiment.input.classes.length > 0;
    const values: Record<string, number> = {
      train_loss: sum.loss / sum.samples,
      ...(classifies
        ? { train_accuracy: sum.metric / sum.samples }
        : { train_mae: (sum.metric / sum.samples) * (this.#experiment.targetScale?.deviation ?? 1) }),
      learning_rate: sum.learningRate,
      gradient_norm: sum.gradientNorm,
      samples_per_second: sum.samples / seconds,
      memory_bytes: residentBytes(),
      ...this.#extra,
      ...(this.epochSeconds === null ? {} : { epoch_seconds: this.epochSeconds }),
    };
    this.#pending.push({
      step,
      epoch: step / this.#stepsPerEpoch,
      elapsedMs: this.#elapsedMs(),
      values: Object.fromEntries(Object.entries(values).filter(([, value]) => Number.isFinite(value))),
    });
    this.#sum = { steps: 0, samples: 0, loss: 0, metric: 0, learningRate: 0, gradientNorm: 0 };
    this.#extra = {};
    this.epochSeconds = null;
    this.#pointAt = performance.now();
  }

  tick(step: number, totalSteps: number): void {
    const now = performance.now();
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
