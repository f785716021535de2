import { z } from 'zod';
import { isoTime } from '../../base/clock.ts';
import { type ParityInput, type ParityResult, parityResult } from '../../contract/bundle-worker.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { ModelVersion } from '../../contract/registry.ts';
import type { ParityCertificate } from '../../contract/serving.ts';
import type { GenerationDescription } from '../../formats/bundle/generation.ts';
import { sha256 } from '../../storage/index.ts';
import type { EngineContext } from '../core/context.ts';
import { startWorker } from '../processes/worker-process.ts';
import type { RawSamples } from '../registry/index.ts';
import type { InputLayout, ReferenceModel, ShippingModel } from '../training/index.ts';

type GenerationParity = NonNullable<ParityInput['generation']>;

/** Absolute, on probabilities; on predicted numbers above 1, relative. */
const TOLERANCE = 1e-5;
const SAMPLES = 64;
/** A picture of a diffusion model takes as long as a hundred answers. */
const DRAWN_SAMPLES = 16;
const SMALL_BATCHES = [1, 7];
/** A few pictures are drawn once more, in fewer steps. */
const [FEW_PICTURES, FEW_STEPS] = [3, 10];

export interface ParitySubject {
  readonly version: ModelVersion;
  readonly layout: InputLayout;
  readonly reference: ReferenceModel;
  readonly bundleOnnx: Uint8Array;
  readonly generation: ShippingModel['generation'];
}

export interface ParityOutcome {
  readonly certificate: ParityCertificate;
  readonly worst: ParityResult['worst'];
}

/** Compares the graph that ships with the graph of training on real samples, in a process of its own. */
export async function checkParity(
  context: EngineContext,
  samples: RawSamples,
  subject: ParitySubject,
  signal: AbortSignal,
): Promise<ParityOutcome> {
  const { version, layout, bundleOnnx, generation } = subject;
  const { tolerance = TOLERANCE, ...reference } = subject.reference;
  const chosen = chooseSamples(samples, version.datasetDigest, layout.drawing === undefined ? SAMPLES : DRAWN_SAMPLES);
  // In one graph a node stands once.
  const indices = layout.hops === undefined ? chosen : [...new Set(chosen)];
  const { outputs } = version.signature;
  const output = outputs.find(({ name }) => name === 'probabilities') ?? outputs[0];
  const worker = startWorker({
    entry: context.workerEntry,
    name: 'parity',
    messages: z.never(),
    onMessage: () => {},
    signal,
    input: {
      reference,
      bundleOnnx,
      ...(generation?.onnx === undefined
        ? {}
        : { generation: { ...readingOf(generation.description), onnx: generation.onnx } }),
      outputName: output.name,
      sets: await setsOf(samples, version.datasetDigest, indices, layout),
      tolerance,
      answer: answerOf(version, output.name),
      classes: version.classes.length,
    },
  });
  const result = parityResult.parse(await worker.result);
  return {
    certificate: {
      trainingGraph: sha256(reference.onnx),
      bundleGraph: sha256(bundleOnnx),
      ...(generation?.onnx === undefined ? {} : { generationGraph: sha256(generation.onnx) }),
      dataset: version.datasetDigest,
      sampleIndices: indices,
      ...(layout.drawing === undefined ? {} : { drawn: true }),
      tolerance,
      checks: result.checks,
      maxAbsDiff: result.maxAbsDiff,
      passed: result.passed,
      runtime: result.runtime,
      createdAt: isoTime(context.clock),
    },
    worst: result.worst,
  };
}

function readingOf({ input, length, cache }: GenerationDescription): Omit<GenerationParity, 'onnx'> {
  return { input, length, cache: cache.map((entry) => ({ ...entry, shape: [...entry.shape] })) };
}

function answerOf({ task }: ModelVersion, output: string): ParityInput['answer'] {
  if (task === 'image-segmentation') return 'pixels';
  if (task === 'object-detection') return 'boxes';
  if (task === 'sequence-to-sequence') return 'tokens';
  if (task === 'image-generation') return 'picture';
  // Of a language model, each of the places has probabilities of its own.
  return output === 'probabilities' && task !== 'language-modeling' ? 'class' : 'numbers';
}

/** All samples at once, to be cut; of a graph, a request for each size, with the nodes around. */
async function setsOf(
  samples: RawSamples,
  datasetDigest: string,
  indices: readonly number[],
  layout: InputLayout,
): Promise<ParityInput['sets']> {
  if (layout.hops === undefined) {
    const inputs = await samples.batch(datasetDigest, indices, layout);
    const all = { inputs: { ...inputs }, count: indices.length, batchSizes: [...SMALL_BATCHES, indices.length] };
    const { drawing } = layout;
    if (drawing?.settings.steps === undefined) return [all] as ParityInput['sets'];
    // How many steps a picture takes is for whoever asks to say.
    const few = { ...drawing, settings: { ...drawing.settings, steps: Math.min(FEW_STEPS, drawing.settings.steps) } };
    const some = await samples.batch(datasetDigest, indices.slice(0, FEW_PICTURES), { ...layout, drawing: few });
    return [all, { inputs: { ...some }, count: FEW_PICTURES, batchSizes: [FEW_PICTURES] }] as ParityInput['sets'];
  }
  const sizes = [...new Set([...SMALL_BATCHES, indices.length].map((size) => Math.min(size, indices.length)))];
  const sets = sizes.map(async (count) => ({
    inputs: { ...(await samples.batch(datasetDigest, indices.slice(0, count), layout)) },
    count,
    batchSizes: [count],
  }));
  return (await Promise.all(sets)) as ParityInput['sets'];
}

/** Spread evenly over the split that the model has seen least of; a small one is gone through more than once. */
function chooseSamples(samples: RawSamples, datasetDigest: string, count: number): number[] {
  for (const split of ['test', 'validation', 'train'] as const) {
    const all = samples.indices(datasetDigest, split);
    if (all.length === 0) continue;
    return Array.from({ length: count }, (_, sample) => all[Math.floor((sample * all.length) / count)]);
  }
  throw new LightbenchError('source.empty', 'The dataset has no items to compare the graphs on.');
}
