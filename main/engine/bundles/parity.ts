import { z } from 'zod';
import { isoTime } from '../../base/clock.ts';
import { type ParityInput, type ParityResult, parityResult } from '../../contract/bundle-worker.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { ModelVersion } from '../../contract/registry.ts';
import type { ParityCertificate } from '../../contract/serving.ts';
import { sha256 } from '../../storage/index.ts';
import type { EngineContext } from '../core/context.ts';
import { startWorker } from '../processes/worker-process.ts';
import type { InputLayout, RawSamples } from '../registry/index.ts';
import type { ReferenceModel } from '../training/index.ts';

/** Absolute, on probabilities; on predicted numbers above 1, relative. */
const TOLERANCE = 1e-5;
const SAMPLES = 64;
const BATCH_SIZES = [1, 7, 64];

export interface ParitySubject {
  readonly version: ModelVersion;
  readonly layout: InputLayout;
  readonly reference: ReferenceModel;
  readonly bundleOnnx: Uint8Array;
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
  const { version, layout, reference, bundleOnnx } = subject;
  const indices = chooseSamples(samples, version.datasetDigest);
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
      inputName: layout.input.name,
      outputName: output.name,
      samples: await samples.batch(version.datasetDigest, indices, layout),
      batchSizes: BATCH_SIZES,
      tolerance: TOLERANCE,
      answer: answerOf(version, output.name),
      classes: version.classes.length,
    },
  });
  const result = parityResult.parse(await worker.result);
  return {
    certificate: {
      trainingGraph: sha256(reference.onnx),
      bundleGraph: sha256(bundleOnnx),
      dataset: version.datasetDigest,
      sampleIndices: indices,
      tolerance: TOLERANCE,
      checks: result.checks,
      maxAbsDiff: result.maxAbsDiff,
      passed: result.passed,
      runtime: result.runtime,
      createdAt: isoTime(context.clock),
    },
    worst: result.worst,
  };
}

function answerOf({ task }: ModelVersion, output: string): ParityInput['answer'] {
  if (task === 'image-segmentation') return 'pixels';
  if (task === 'object-detection') return 'boxes';
  if (task === 'sequence-to-sequence') return 'tokens';
  // Of a language model, each of the places has probabilities of its own.
  return output === 'probabilities' && task !== 'language-modeling' ? 'class' : 'numbers';
}

/** Spread evenly over the split that the model has seen least of; a small one is gone through more than once. */
function chooseSamples(samples: RawSamples, datasetDigest: string): number[] {
  for (const split of ['test', 'validation', 'train'] as const) {
    const all = samples.indices(datasetDigest, split);
    if (all.length === 0) continue;
    return Array.from({ length: SAMPLES }, (_, sample) => all[Math.floor((sample * all.length) / SAMPLES)]);
  }
  throw new LightbenchError('source.empty', 'The dataset has no items to compare the graphs on.');
}
