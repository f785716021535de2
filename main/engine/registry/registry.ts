import { canonicalJson } from '../../base/canonical-json.ts';
import { isoTime } from '../../base/clock.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { ModelVersion, RegisteredModel } from '../../contract/registry.ts';
import type { Run } from '../../contract/training.ts';
import { writeInferenceRequest } from '../../formats/open-inference/inference-request.ts';
import { type StoredModelVersion, sha256 } from '../../storage/index.ts';
import type { Caller, EngineContext, HandlersOf } from '../core/context.ts';
import type { InputLayout, Shipping, ShippingModel } from '../training/index.ts';
import { Promotions, type Signatures } from './promotions.ts';
import { toProtocolTensors } from './protocol-tensor.ts';
import type { RawSamples } from './raw-samples.ts';

/** Registered models: immutable versions, and aliases that move only by approval or back. */
export class Registry {
  readonly #context: EngineContext;
  readonly #shipping: Shipping;
  readonly #samples: RawSamples;

  readonly handlers: HandlersOf<'registry' | 'lineage'>;

  constructor(context: EngineContext, shipping: Shipping, samples: RawSamples, signatures: Signatures) {
    this.#context = context;
    this.#shipping = shipping;
    this.#samples = samples;
    const promotions = new Promotions(context, signatures);
    this.handlers = {
      'registry.list': () => this.#list(),
      'registry.get': ({ modelName, version }) => this.version(modelName, version),
      'registry.register': (input, caller) => this.#register(input, caller),
      'registry.requestPromotion': (input, caller) => promotions.request(input, caller),
      'registry.requests': (input) => promotions.requests(input),
      'registry.decide': (input) => promotions.decide(input),
      'registry.withdraw': ({ requestId }, caller) => promotions.withdraw(requestId, caller),
      'registry.rollback': (input, caller) => promotions.rollback(input, caller),
      'registry.history': (input) => promotions.history(input.modelName, input.alias),
      'registry.aliasAt': ({ modelName, alias, at }) => promotions.aliasAt(modelName, alias, at),
      'lineage.get': ({ digest, direction }) => context.workspace.lineage.around(digest, direction),
    };
  }

  /** @throws LightbenchError record.not_found */
  version(modelName: string, version: number): ModelVersion {
    const { registry, serving } = this.#context.workspace;
    const name = registry.model(modelName)?.name;
    const stored = name === undefined ? undefined : registry.version(name, version);
    if (name === undefined || stored === undefined)
      throw new LightbenchError('record.not_found', `There is no version ${version} of a model called ${modelName}.`);
    return describe(stored, registry.aliases(name), serving.bundleDigests(name));
  }

  /** How items of a dataset become inputs of a version. @throws LightbenchError record.not_found */
  layout(modelName: string, version: number): InputLayout {
    const { modelName: name } = this.version(modelName, version);
    return this.#context.workspace.registry.layout(name, version) as InputLayout;
  }

  #list(): RegisteredModel[] {
    const { registry, serving } = this.#context.workspace;
    return registry.models().map((model) => {
      const aliases = registry.aliases(model.name);
      const bundles = serving.bundleDigests(model.name);
      return {
        ...model,
        versions: registry.versions(model.name).map((stored) => describe(stored, aliases, bundles)),
        aliases,
      };
    });
  }

  async #register(
    input: { readonly runId: string; readonly modelName: string; readonly description: string },
    caller: Caller,
  ): Promise<ModelVersion> {
    const { workspace, clock } = this.#context;
    const run = this.#finishedRun(input.runId);
    const shipped = this.#shipping.ship(run.id);
    const { layout } = shipped;
    const onnx = workspace.artifacts.put(shipped.onnx);
    const example = workspace.artifacts.put(Buffer.from(await this.#inputExample(shipped)));

    const stored = workspace.transaction(() => {
      const now = isoTime(clock);
      const existing = workspace.registry.model(input.modelName);
      const modelName = existing?.name ?? input.modelName;
      if (existing === undefined)
        workspace.registry.insertModel({ name: modelName, createdAt: now, description: input.description });
      const content: Omit<StoredModelVersion, 'digest'> = {
        modelName,
        version: workspace.registry.newestVersion(modelName) + 1,
        createdAt: now,
        createdBy: caller.userName,
        description: input.description,
        runId: run.id,
        checkpointDigest: shipped.checkpointDigest,
        datasetDigest: shipped.datasetDigest,
        labelSetDigest: shipped.labelSetDigest,
        codeVersion: shipped.codeVersion,
        task: shipped.task,
        classes: [...shipped.classes],
        signature: shipped.signature,
        inputExampleDigest: example.digest,
        onnxDigest: onnx.digest,
        sizeBytes: onnx.sizeBytes,
        metrics: { ...shipped.metrics },
      };
      const version: StoredModelVersion = { ...content, digest: sha256(canonicalJson({ ...content, layout })) };
      workspace.registry.insertVersion(version, layout);
      const owner = `model ${modelName} v${version.version}`;
      workspace.artifactRecords.reference(onnx, 'model', owner, 'onnx', now);
      workspace.artifactRecords.reference(example, 'input example', owner, 'input example', now);
      workspace.lineage.node({
        digest: version.digest,
        kind: 'model_version',
        title: `${modelName} v${version.version}`,
      });
      workspace.lineage.node({
        digest: shipped.checkpointDigest,
        kind: 'checkpoint',
        title: `Best checkpoint of ${run.name}`,
      });
      workspace.lineage.edge(shipped.checkpointDigest, version.digest, 'registered as');
      workspace.ledger.append({
        actor: caller.userName,
        action: 'model.registered',
        subject: version.digest,
        summary: `${caller.userName} registered run ${run.name} as ${modelName} v${version.version}.`,
        payload: {
          modelName,
          version: version.version,
          runId: run.id,
          checkpoint: shipped.checkpointDigest,
          onnx: onnx.digest,
          dataset: shipped.datasetDigest,
        },
      });
      return version;
    });
    this.#context.changed('registry', [stored.digest], caller.userName);
    return this.version(stored.modelName, stored.version);
  }

  #finishedRun(runId: string): Run {
    const run = this.#context.workspace.runs.get(runId);
    if (run === undefined) throw new LightbenchError('record.not_found', `No run has the id ${runId}.`);
    if (run.status !== 'FINISHED' || run.bestCheckpoint === null) {
      throw new LightbenchError(
        'run.wrong_state',
        `Run ${run.name} is ${run.status}${run.bestCheckpoint === null ? ' and has no checkpoint' : ''}; only a finished run can be registered.`,
        { suggestion: 'Wait until the run has finished, or resume it.' },
      );
    }
    return run;
  }

  /** One real item as the body of a request: it can be sent to a server as it is. */
  async #inputExample({ datasetDigest, layout }: ShippingModel): Promise<string> {
    const splits = ['test', 'validation', 'train'] as const;
    const index = splits.flatMap((split) => this.#samples.indices(datasetDigest, split).slice(0, 1))[0];
    if (index === undefined) throw new LightbenchError('source.empty', 'The dataset of the run has no items.');
    return writeInferenceRequest(toProtocolTensors(await this.#samples.batch(datasetDigest, [index], layout)));
  }
}

function describe(
  stored: StoredModelVersion,
  aliases: RegisteredModel['aliases'],
  bundles: ReadonlyMap<number, string>,
): ModelVersion {
  const pointing = Object.entries(aliases).filter(([, version]) => version === stored.version);
  return {
    ...stored,
    aliases: pointing.map(([alias]) => alias as ModelVersion['aliases'][number]),
    bundleDigest: bundles.get(stored.version) ?? null,
  };
}
