import { LightbenchError } from '../../contract/errors.ts';
import type { GenerationFidelity } from '../../contract/evaluation.ts';
import type { SampleJudge } from '../../contract/training-worker.ts';
import { compileForward } from '../../graph/index.ts';
import { modelFor, trainedWeights, withFeatures } from '../../models/index.ts';
import { floats, RuntimeSession, type SessionSettings, uint8Tensor } from '../../runtime/index.ts';
import { frechetDistance, sampleFidelity } from '../../stats/sample-fidelity.ts';
import type { ArtifactStore } from '../../storage/artifacts/artifact-store.ts';
import { loadCheckpoint } from './checkpoint-file.ts';

const CHUNK = 250;

/** Pictures as bytes, [count, height, width, channels]. */
export interface Pictures {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

/** What a classifier said of pictures. */
interface Judgement {
  /** [count, classes] */
  readonly probabilities: Float32Array;
  /** [count, size], what its last layer reads; null where it has no list of layers. */
  readonly features: Float32Array | null;
}

/**
 * How pictures that a model drew look to a classifier of real ones, with real ones beside them.
 *
 * @param asked the class that each was to be; null where nothing was asked for
 * @returns null where the classifier reads pictures of another form
 */
export async function judgeSamples(
  { runId, name, checkpointDigest }: SampleJudge,
  store: ArtifactStore,
  settings: SessionSettings,
  drawn: Pictures,
  real: Pictures,
  asked: readonly number[] | null,
): Promise<GenerationFidelity | null> {
  const { state, tensors } = loadCheckpoint(store, checkpointDigest);
  const { preprocessing, classes } = state;
  if (preprocessing.kind !== 'image')
    throw new LightbenchError('workspace.damaged', `The checkpoint of ${name} reads no pictures.`);
  const fits = ({ channels, height, width }: Pictures): boolean =>
    channels === preprocessing.sourceChannels &&
    (preprocessing.resize || (height === preprocessing.height && width === preprocessing.width));
  if (!fits(drawn) || !fits(real)) return null;
  const model = modelFor(state.task, state.model, preprocessing, classes.length);
  const { onnx } = compileForward(withFeatures(model) ?? model, {
    parameters: trainedWeights(model.module, tensors),
    preprocessing,
    softmax: true,
  });
  const session = await RuntimeSession.create(onnx, settings);
  try {
    const ofDrawn = await judge(session, drawn);
    const ofReal = await judge(session, real);
    const count = classes.length;
    const { confidentShare, balance } = sampleFidelity(ofDrawn.probabilities, count);
    const agreed = asked?.filter((label, sample) => label === likeliest(ofDrawn.probabilities, sample, count));
    const size = ofDrawn.features === null ? 0 : ofDrawn.features.length / countOf(drawn);
    return {
      judge: { runId, name },
      samples: countOf(drawn),
      confidentShare,
      realConfidentShare: sampleFidelity(ofReal.probabilities, count).confidentShare,
      agreement: asked === null || agreed === undefined ? null : agreed.length / asked.length,
      balance,
      frechetDistance:
        ofDrawn.features === null || ofReal.features === null
          ? null
          : frechetDistance(ofDrawn.features, ofReal.features, size),
    };
  } finally {
    await session.dispose();
  }
}

const countOf = ({ data, height, width, channels }: Pictures): number => data.length / (height * width * channels);

async function judge(session: RuntimeSession, pictures: Pictures): Promise<Judgement> {
  const { height, width, channels, data } = pictures;
  const size = height * width * channels;
  const count = countOf(pictures);
  const probabilities: Float32Array[] = [];
  const features: Float32Array[] = [];
  for (let first = 0; first < count; first += CHUNK) {
    const rows = Math.min(CHUNK, count - first);
    const image = uint8Tensor(data.slice(first * size, (first + rows) * size), [rows, height, width, channels]);
    const said = await session.run({ image });
    probabilities.push(floats(said.probabilities, 'probabilities').slice());
    if ('features' in said) features.push(floats(said.features, 'features').slice());
  }
  return { probabilities: joined(probabilities), features: features.length === 0 ? null : joined(features) };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function likeliest(probabilities: Float32Array, row: number, classes: number): number {
  let best = 0;
  for (let label = 1; label < classes; label++)
    if (probabilities[row * classes + label] > probabilities[row * classes + best]) best = label;
  return best;
}
