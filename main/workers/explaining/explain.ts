import { LightbenchError } from '../../contract/errors.ts';
import type { ExplainReply, ExplainRequest } from '../../contract/explaining-worker.ts';
import { compileExplanation, compileForward, compilePreprocessing, type ParameterValues } from '../../graph/index.ts';
import { type Model, modelFor, trainedWeights } from '../../models/index.ts';
import { float32Tensor, floats, int64Tensor, RuntimeSession, uint8Tensor } from '../../runtime/index.ts';
import type { ArtifactStore } from '../../storage/artifacts/artifact-store.ts';
import { type Checkpoint, loadCheckpoint } from '../training/checkpoint-file.ts';
import { modelSources } from '../training/model-sources.ts';
import { largestAt, probabilitiesOf } from '../training/predict.ts';
import { openRawData, type RawData } from '../training/raw-data.ts';

/** Models and datasets that stay loaded: whoever looks at one heatmap looks at the next one soon. */
const KEPT = 4;

type Explained = Extract<ExplainReply, { ok: true }>;

interface LoadedModel {
  readonly checkpoint: Checkpoint;
  readonly model: Model;
  readonly parameters: ParameterValues;
  readonly preprocess: RuntimeSession;
  readonly forward: RuntimeSession;
  /** Explanation graphs by method and number of steps. */
  readonly explanations: Map<string, RuntimeSession>;
}

/** Explains single items, with everything that the last few took kept warm. */
export class Explainer {
  readonly #store: ArtifactStore;
  readonly #workspaceFolder: string;
  readonly #threads: number;
  readonly #models = new Map<string, LoadedModel>();
  readonly #data = new Map<string, RawData>();

  constructor(store: ArtifactStore, workspaceFolder: string, threads: number) {
    this.#store = store;
    this.#workspaceFolder = workspaceFolder;
    this.#threads = threads;
  }

  /** @throws LightbenchError explanation.unsupported, record.not_found, workspace.damaged */
  async explain(request: ExplainRequest): Promise<Omit<Explained, 'ok' | 'number'>> {
    const startedAt = performance.now();
    const loaded = await this.#model(request.checkpointDigest);
    const { checkpoint, model } = loaded;
    const { classes, preprocessing } = checkpoint.state;
    if (preprocessing.kind !== 'image')
      throw new LightbenchError('explanation.unsupported', 'Heatmaps explain pictures, and this model reads a table.');
    const { images, count } = this.#dataset(request.manifestDigest);
    if (images === null || request.index >= count)
      throw new LightbenchError('record.not_found', `The dataset has no picture ${request.index}.`);
    const { data, height, width } = await images.read([request.index]);
    const fits = preprocessing.resize || (height === preprocessing.height && width === preprocessing.width);
    if (!fits || images.channels !== preprocessing.sourceChannels)
      throw new LightbenchError(
        'explanation.unsupported',
        `The model reads pictures of ${preprocessing.height} × ${preprocessing.width} × ${preprocessing.sourceChannels}, this one has ${height} × ${width} × ${images.channels}.`,
        { suggestion: 'Choose a picture of the kind that the model was trained on.' },
      );
    const x = await this.#prepare(loaded, data, height, width, images.channels);
    const { output } = await loaded.forward.run({ x });
    const logits = floats(output, 'output');
    const probabilities = probabilitiesOf(logits, classes.length);
    const predicted = largestAt(probabilities, 0, classes.length);
    const target = request.target ?? predicted;
    if (target >= classes.length)
      throw new LightbenchError('request.invalid', `Class ${target} does not exist; the model has ${classes.length}.`);
    const session = await this.#explanation(loaded, request.method, request.steps);
    const feeds: Record<string, typeof x> = { x, classId: int64Tensor(BigInt64Array.of(BigInt(target)), [1]) };
    // The baseline of integrated gradients: a black picture of the same size, through the same preprocessing.
    if (session.inputNames.includes('baseline'))
      feeds.baseline = await this.#prepare(loaded, new Uint8Array(data.length), height, width, images.channels);
    const result = await session.run(feeds);
    const gap = result.completenessGap === undefined ? null : floats(result.completenessGap, 'completenessGap')[0];
    return {
      target,
      predicted,
      classes,
      probabilities: [...probabilities],
      height: model.inputShape[1],
      width: model.inputShape[2],
      values: floats(result.heatmap, 'heatmap').slice(),
      completenessGap: gap,
      durationMs: performance.now() - startedAt,
    };
  }

  async #prepare(loaded: LoadedModel, pixels: Uint8Array, height: number, width: number, channels: number) {
    const { x } = await loaded.preprocess.run({ image: uint8Tensor(pixels, [1, height, width, channels]) });
    return float32Tensor(floats(x, 'x').slice(), [1, ...loaded.model.inputShape]);
  }

  async #model(digest: string): Promise<LoadedModel> {
    const known = this.#models.get(digest);
    if (known !== undefined) return known;
    const checkpoint = loadCheckpoint(this.#store, digest);
    const { state, tensors } = checkpoint;
    const model = modelFor(
      state.task,
      state.model,
      state.preprocessing,
      state.classes.length,
      modelSources(this.#store),
    );
    const parameters = trainedWeights(model.module, tensors);
    const loaded: LoadedModel = {
      checkpoint,
      model,
      parameters,
      preprocess: await this.#session(compilePreprocessing(state.preprocessing).onnx),
      forward: await this.#session(compileForward(model, { parameters }).onnx),
      explanations: new Map(),
    };
    this.#models.set(digest, loaded);
    if (this.#models.size > KEPT) {
      const [[oldest, unused]] = this.#models;
      this.#models.delete(oldest);
      for (const session of [unused.preprocess, unused.forward, ...unused.explanations.values()])
        await session.dispose();
    }
    return loaded;
  }

  async #explanation(loaded: LoadedModel, method: ExplainRequest['method'], steps: number): Promise<RuntimeSession> {
    const key = method === 'integrated_gradients' ? `${method} ${steps}` : method;
    const known = loaded.explanations.get(key);
    if (known !== undefined) return known;
    const { onnx } = compileExplanation(loaded.model, {
      method: method === 'integrated_gradients' ? { kind: method, steps } : { kind: method },
      parameters: loaded.parameters,
    });
    const session = await this.#session(onnx);
    loaded.explanations.set(key, session);
    return session;
  }

  #session(onnx: Uint8Array): Promise<RuntimeSession> {
    return RuntimeSession.create(onnx, { provider: 'cpu', threads: this.#threads });
  }

  #dataset(manifestDigest: string): RawData {
    const known = this.#data.get(manifestDigest);
    if (known !== undefined) return known;
    const data = openRawData(this.#workspaceFolder, manifestDigest);
    this.#data.set(manifestDigest, data);
    if (this.#data.size > KEPT) {
      const [[oldest, unused]] = this.#data;
      this.#data.delete(oldest);
      unused.close();
    }
    return data;
  }
}
