import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as ort from 'onnxruntime-node';
import { seededRandom } from '../../../main/base/random.ts';
import type { ParameterValues } from '../../../main/graph/index.ts';
import { compileForward, Module, Sequential, type Tensor, type Trace } from '../../../main/graph/index.ts';
import { buildModel, drawingTimes, type Model, samplerOf } from '../../../main/models/index.ts';
import { frechetDistance, sampleFidelity } from '../../../main/stats/sample-fidelity.ts';
import { localTarget } from '../training/ours.ts';
import { type Digits, loadDigits, PIXELS, SIDE } from './digits.ts';
import { samplePicture } from './picture.ts';
import { openSession, runInTurns, train } from './trainer.ts';

const image = { kind: 'image', channels: 1, height: SIDE, width: SIDE } as const;
const FEATURES = 64;

const plans = {
  vae: {
    spec: { kind: 'vae', latent: 16, channels: [32, 64], hidden: [256] },
    steps: 6000,
    batch: 64,
    learningRate: 2e-3,
  },
  gan: { spec: { kind: 'gan', latent: 64, channels: [32, 64] }, steps: 4000, batch: 64, learningRate: 4e-4 },
  diffusion: { spec: { kind: 'diffusion', channels: [32, 64] }, steps: 4000, batch: 64, learningRate: 2e-3 },
} as const;

type PlanName = keyof typeof plans;

/**
 * `bench generative [--models vae,gan,diffusion] [--samples 500] [--out DIR] [--steps N]`: trains each on digits and has
 * its samples judged by a classifier of digits: the share it is at least 90 % sure of, how evenly the ten come, and the
 * Fréchet distance of its last hidden layer (real test digits against real training digits stand beside it).
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      models: { type: 'string', default: Object.keys(plans).join(',') },
      samples: { type: 'string', default: '500' },
      out: { type: 'string', default: 'out/generative' },
      steps: { type: 'string' },
    },
  });
  const target = await localTarget();
  const log = (line: string): void => console.error(line);
  const digits = await loadDigits('train', 60_000);
  const test = await loadDigits('test', 10_000);
  const judge = await Judge.train(digits, test, log);
  mkdirSync(values.out, { recursive: true });
  const results: object[] = [];
  for (const name of values.models.split(',') as PlanName[]) {
    const { spec, ...plan } = plans[name];
    const model = buildModel(spec, image, image);
    const start = performance.now();
    const steps = Number(values.steps ?? plan.steps);
    const parameters = await train({ ...plan, steps, model, loss: { kind: 'module' }, target }, digits, log);
    const minutes = (performance.now() - start) / 60_000;
    const samples = await draw(model, parameters, Number(values.samples));
    writeFileSync(join(values.out, `${name}.png`), samplePicture(samples.subarray(0, 100 * PIXELS), 10));
    const verdict = { name, steps, minutes: Number(minutes.toFixed(1)), ...(await judge.verdict(samples)) };
    log(JSON.stringify(verdict));
    results.push(verdict);
  }
  console.log(JSON.stringify({ judge: judge.quality, models: results }));
}

/** Normal numbers → images [count, 28, 28], by DDIM in fifty steps where the model is one of diffusion. */
async function draw(model: Model, parameters: ParameterValues, count: number): Promise<Float32Array> {
  const sampler = samplerOf(model);
  const graph = compileForward(sampler.model, { parameters });
  const random = seededRandom(9, 0);
  const shape = [count, ...sampler.model.inputShape];
  const noise = Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () =>
    random.normal(),
  );
  if (sampler.kind === 'latent') {
    return (await runInTurns(graph, [{ name: 'x', dims: shape, data: noise }], 100)).output ?? noise;
  }
  const session = await openSession(graph.onnx);
  const times = drawingTimes(sampler.steps);
  const at = (time: number): ort.Tensor =>
    new ort.Tensor('int64', new BigInt64Array(count).fill(BigInt(time)), [count]);
  let x = noise;
  let images = noise;
  for (const [index, next] of times.slice(1).entries()) {
    const feed = { x: new ort.Tensor('float32', x, shape), time: at(times[index] ?? 0), next: at(next) };
    const result = await session.run(feed);
    x = result.output?.data as Float32Array<ArrayBuffer>;
    images = result.image?.data as Float32Array<ArrayBuffer>;
  }
  await session.release();
  return images;
}

/** A classifier that also gives its last hidden layer. */
class WithFeatures extends Module {
  readonly kind = 'WithFeatures';
  readonly layers: readonly Module[];

  constructor(body: Sequential) {
    super();
    this.layers = body.layers;
  }

  forward(x: Tensor, trace: Trace): Tensor {
    return this.layers.reduce((value, layer, index) => {
      if (index === this.layers.length - 1) trace.emit('features', value);
      return trace.run(`layers.${index}`, layer, value);
    }, x);
  }
}

class Judge {
  readonly #model: Model;
  readonly #parameters: ParameterValues;
  readonly #real: Float32Array;
  readonly quality: {
    readonly testAccuracy: number;
    readonly realConfidentShare: number;
    readonly realFrechet: number;
  };

  private constructor(model: Model, parameters: ParameterValues, real: Float32Array, quality: Judge['quality']) {
    this.#model = model;
    this.#parameters = parameters;
    this.#real = real;
    this.quality = quality;
  }

  static async train(digits: Digits, test: Digits, log: (line: string) => void): Promise<Judge> {
    const model = buildModel(
      {
        kind: 'cnn',
        channels: [16, 32],
        padding: 'same',
        poolAfter: [1, 2],
        hidden: [FEATURES],
        normalization: 'batch',
        dropout: 0.1,
      },
      image,
      { kind: 'classification', classes: 10 },
    );
    const loss = { kind: 'cross_entropy' } as const;
    const plan = { model, loss, steps: 2500, batch: 64, learningRate: 3e-3, target: await localTarget() };
    const parameters = await train(plan, digits, log);
    const seen = await features(model, parameters, digits.pixels.subarray(0, 2000 * PIXELS));
    const fresh = await features(model, parameters, test.pixels);
    let right = 0;
    for (let item = 0; item < test.count; item++) {
      const row = fresh.probabilities.subarray(item * 10, item * 10 + 10);
      if (row.indexOf(Math.max(...row)) === test.labels[item]) right++;
    }
    const quality = {
      testAccuracy: right / test.count,
      realConfidentShare: sampleFidelity(fresh.probabilities, 10).confidentShare,
      realFrechet: frechetDistance(seen.features, fresh.features, FEATURES),
    };
    log(`judge: ${JSON.stringify(quality)}`);
    return new Judge(model, parameters, fresh.features, quality);
  }

  async verdict(images: Float32Array): Promise<object> {
    const seen = await features(this.#model, this.#parameters, images);
    const { confidentShare, classShares, balance } = sampleFidelity(seen.probabilities, 10);
    return { confidentShare, balance, frechet: frechetDistance(seen.features, this.#real, FEATURES), classShares };
  }
}

async function features(model: Model, parameters: ParameterValues, images: Float32Array) {
  if (!(model.module instanceof Sequential)) throw new Error('The judge is a list of layers.');
  const tapped = { module: new WithFeatures(model.module), inputShape: model.inputShape };
  const graph = compileForward(tapped, { parameters, softmax: true });
  const dims = [images.length / PIXELS, 1, SIDE, SIDE];
  const outputs = await runInTurns(graph, [{ name: 'x', dims, data: images }], 250);
  return {
    features: outputs.features ?? new Float32Array(),
    probabilities: outputs.probabilities ?? new Float32Array(),
  };
}
