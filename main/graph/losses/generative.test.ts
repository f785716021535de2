import { expect, it } from 'vitest';
import { compileGradients } from '../compile/gradients-graph.ts';
import { Module } from '../layers/module.ts';
import type { Trace } from '../layers/trace.ts';
import { floats, numbers, runOnce } from '../run-onnx.test-support.ts';
import type { Tensor } from '../tensor.ts';
import type { AdversarialLoss } from './generative.ts';
import { discriminatorLoss, gaussianKl, generatorLoss, gradientPenalty } from './generative.ts';

class Scored extends Module {
  readonly kind = 'Scored';
  readonly #loss: (x: Tensor, other: Tensor) => Tensor;

  constructor(loss: (x: Tensor, other: Tensor) => Tensor) {
    super();
    this.#loss = loss;
  }

  forward(x: Tensor, trace: Trace): Tensor {
    trace.addLoss(this.#loss(x, trace.input('other')));
    return x;
  }
}

async function evaluate(loss: (x: Tensor, other: Tensor) => Tensor, x: readonly number[], other: readonly number[]) {
  const model = {
    module: new Scored(loss),
    inputShape: [2],
    moreInputs: [{ name: 'other', dtype: 'float32', shape: ['batch', 2] }],
  } as const;
  const graph = compileGradients(model, { loss: { kind: 'module' }, withInputGradient: true });
  const result = await runOnce(graph, { x: floats(x, [2, 2]), other: floats(other, [2, 2]) });
  return { loss: numbers(result.loss)[0] ?? Number.NaN, gradient: [...numbers(result['gradient.x'])] };
}

const scores = [0.5, -2, 3, -0.25];
const others = [1.5, 0.2, -0.7, -3];
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

it('sums the divergence of Gaussians over features and averages it over samples', async () => {
  const { loss, gradient } = await evaluate(gaussianKl, scores, others);
  const terms = scores.map((m, at) => -0.5 * (1 + (others[at] ?? 0) - m * m - Math.exp(others[at] ?? 0)));
  expect(loss).toBeCloseTo(2 * mean(terms), 4);
  // d/dmean = mean / samples.
  gradient.forEach((value, at) => {
    expect(value).toBeCloseTo((scores[at] ?? 0) / 2, 5);
  });
});

const logistic = (x: number): number => Math.log(1 + Math.exp(x));
const formulas: Readonly<Record<AdversarialLoss, readonly [real: number, fake: number, fooled: number]>> = {
  non_saturating: [
    mean(scores.map((s) => logistic(-s))),
    mean(others.map(logistic)),
    mean(scores.map((s) => logistic(-s))),
  ],
  least_squares: [
    mean(scores.map((s) => (s - 1) ** 2)),
    mean(others.map((s) => s * s)),
    mean(scores.map((s) => (s - 1) ** 2)),
  ],
  hinge: [mean(scores.map((s) => Math.max(0, 1 - s))), mean(others.map((s) => Math.max(0, 1 + s))), -mean(scores)],
  wasserstein: [-mean(scores), mean(others), -mean(scores)],
};

it.each(['non_saturating', 'least_squares', 'hinge', 'wasserstein'] as const)(
  '%s follows its formula for both players',
  async (kind) => {
    const [real, fake, fooled] = formulas[kind];
    const judge = await evaluate((x, other) => discriminatorLoss(kind, x, other), scores, others);
    expect(judge.loss).toBeCloseTo(real + fake, 5);
    const maker = await evaluate((x) => generatorLoss(kind, x), scores, others);
    expect(maker.loss).toBeCloseTo(fooled, 5);
    // Whoever makes them wants its scores higher.
    for (const slope of maker.gradient) expect(slope).toBeLessThanOrEqual(kind === 'least_squares' ? 1 : 0);
  },
);

it('refuses a penalty on the gradient of what has no second derivative, by name', async () => {
  const penalty = (x: Tensor) => gradientPenalty(x.graph.apply('Gelu', [x]), x);
  await expect(evaluate(penalty, scores, others)).rejects.toThrow(/GeluGradient.*no second derivative/);
});
