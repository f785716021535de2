import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isoTime } from '../../base/clock.ts';
import type { BundleWriterInput } from '../../contract/bundle-worker.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { ModelVersion } from '../../contract/registry.ts';
import type { Bundle, ParityCertificate } from '../../contract/serving.ts';
import { MODEL, verifyBundle } from '../../formats/bundle/bundle-folder.ts';
import type { AssetHandlers, Caller, EngineContext, HandlersOf } from '../core/context.ts';
import type { JobContext, Jobs } from '../jobs/index.ts';
import type { RawSamples } from '../registry/index.ts';
import type { InputLayout, Shipping, ShippingModel } from '../training/index.ts';
import { BundleFolders } from './bundle-folders.ts';
import type { BundleFacts, ServerComponent } from './documents/facts.ts';
import { documents, INPUT_EXAMPLE } from './documents/index.ts';
import { checkParity } from './parity.ts';

const PROGRAM_FILES = ['model-server.mjs', 'package.json', 'third-party-notices.txt'];

/** What bundles need of the registry. */
export interface BundleRegistry {
  version(modelName: string, version: number): ModelVersion;
  layout(modelName: string, version: number): InputLayout;
}

interface ExportSpecification {
  readonly modelName: string;
  readonly version: number;
}

/** Model versions as folders and archives that run anywhere, each with the proof that it answers like the trained model. */
export class Bundles {
  readonly #context: EngineContext;
  readonly #jobs: Jobs;
  readonly #registry: BundleRegistry;
  readonly #shipping: Shipping;
  readonly #samples: RawSamples;
  readonly #programFolder: string;
  readonly #folders: BundleFolders;

  readonly handlers: HandlersOf<'bundles'> = {
    'bundles.export': (input, caller) => this.#start(input, caller),
    'bundles.list': ({ modelName }) => this.#context.workspace.serving.bundles(modelName),
    'bundles.verify': async ({ digest }) => {
      const problems = await this.verify(digest);
      return { intact: problems.length === 0, problems };
    },
  };

  readonly assetHandlers: Pick<AssetHandlers, 'bundles.zip'> = {
    'bundles.zip': async ({ digest }) => {
      const { zipPath } = this.get(digest);
      return {
        contentType: 'application/zip',
        bytes: await readFile(join(this.#context.workspace.folder, zipPath)),
        immutable: true,
        fileName: basename(zipPath),
      };
    },
  };

  /** @param programFolder where the build of the model server lies: the program, its package.json, its components.json */
  constructor(
    context: EngineContext,
    jobs: Jobs,
    registry: BundleRegistry,
    shipping: Shipping,
    samples: RawSamples,
    programFolder: string,
  ) {
    this.#context = context;
    this.#jobs = jobs;
    this.#registry = registry;
    this.#shipping = shipping;
    this.#samples = samples;
    this.#programFolder = programFolder;
    this.#folders = new BundleFolders(context);
    this.#folders.clearIncoming();
    jobs.define({
      kind: 'export',
      concurrency: 1,
      run: (specification, job) => this.#export(specification as ExportSpecification, job),
    });
  }

  /** @throws LightbenchError record.not_found */
  get(digest: string): Bundle {
    const bundle = this.#context.workspace.serving.bundle(digest);
    if (bundle === undefined) throw new LightbenchError('record.not_found', `No bundle has the digest ${digest}.`);
    return bundle;
  }

  /** Absolute path of the folder. */
  folder(digest: string): string {
    return join(this.#context.workspace.folder, this.get(digest).path);
  }

  /** Whatever is wrong with the files of a bundle; empty when nothing is. */
  async verify(digest: string): Promise<string[]> {
    return verifyBundle(this.folder(digest), digest);
  }

  #start(input: ExportSpecification, caller: Caller): { jobId: string } {
    const { modelName, version } = this.#registry.version(input.modelName, input.version);
    const job = this.#jobs.start({
      kind: 'export',
      title: `Export ${modelName} v${version}`,
      createdBy: caller.userName,
      specification: { modelName, version } satisfies ExportSpecification,
      subject: { modelName, version: String(version) },
      resumable: true,
    });
    return { jobId: job.id };
  }

  async #export(specification: ExportSpecification, job: JobContext): Promise<'finished'> {
    const { workspace } = this.#context;
    const version = this.#registry.version(specification.modelName, specification.version);
    job.progress({ phase: 'Compiling the graphs', done: 0, total: null, unit: 'graphs' });
    const shipped = this.#ship(version);
    if ((await workspace.artifacts.verify(version.onnxDigest)) !== 'intact')
      throw new LightbenchError(
        'workspace.damaged',
        `The graph of ${version.modelName} v${version.version} is not what was registered.`,
      );

    job.progress({ phase: 'Comparing with the trained model', done: 0, total: null, unit: 'samples' });
    const parity = await checkParity(
      this.#context,
      this.#samples,
      {
        version,
        layout: this.#registry.layout(version.modelName, version.version),
        reference: shipped.reference,
        bundleOnnx: workspace.artifacts.read(version.onnxDigest),
        generation: shipped.generation,
      },
      job.signal,
    );
    const { certificate } = parity;
    if (!certificate.passed) throw this.#refuse(version, certificate, parity.worst, job);
    job.log('info', `Largest difference ${certificate.maxAbsDiff}, allowed ${certificate.tolerance}`);

    const { modelName, version: number } = version;
    const files = this.#files(version, this.#facts(version, shipped, certificate), shipped.generation);
    const written = await this.#folders.write(modelName, number, files, job);
    const bundle: Bundle = {
      ...written,
      modelName,
      version: number,
      createdAt: isoTime(this.#context.clock),
      createdBy: job.createdBy,
      parity: certificate,
    };
    this.#record(bundle, version);
    job.subject({ bundleDigest: bundle.digest, bundlePath: bundle.path });
    this.#context.changed('bundles', [bundle.digest], job.createdBy);
    this.#context.changed('registry', [version.digest], job.createdBy);
    return 'finished';
  }

  #ship(version: ModelVersion): ShippingModel {
    const shipped = this.#shipping.ship(version.runId);
    if (shipped.checkpointDigest !== version.checkpointDigest) {
      throw new LightbenchError(
        'record.conflict',
        `The best checkpoint of run ${version.runId} is no longer the one that was registered.`,
        { suggestion: 'Register the run again.' },
      );
    }
    return shipped;
  }

  #refuse(
    version: ModelVersion,
    certificate: ParityCertificate,
    worst: readonly unknown[],
    job: JobContext,
  ): LightbenchError {
    const { workspace } = this.#context;
    const name = `${version.modelName} v${version.version}`;
    workspace.transaction(() =>
      workspace.ledger.append({
        actor: job.createdBy,
        action: 'bundle.refused',
        subject: version.digest,
        summary: `The export of ${name} was refused: its outputs differ from the trained model by ${certificate.maxAbsDiff}.`,
        payload: { certificate },
      }),
    );
    this.#context.changed('ledger');
    return new LightbenchError(
      'bundle.parity_failed',
      `The outputs of ${name} differ from those of the trained model by up to ${certificate.maxAbsDiff}; ${certificate.tolerance} is allowed.`,
      { details: { certificate, worst } },
    );
  }

  #facts(version: ModelVersion, shipped: ShippingModel, certificate: ParityCertificate): BundleFacts {
    const { workspace, applicationVersion } = this.#context;
    const run = workspace.runs.get(version.runId);
    const dataset = workspace.datasets.version(version.datasetDigest)?.version;
    if (run === undefined || dataset === undefined)
      throw new LightbenchError(
        'record.not_found',
        `The run or the dataset of ${version.modelName} v${version.version} is gone.`,
      );
    const { createdAt: _, ...parity } = certificate;
    const { aliases: _aliases, bundleDigest: _bundle, ...stored } = version;
    return {
      version: stored,
      run,
      dataset,
      evaluations: workspace.runs.evaluations(run.id).map(({ evaluation }) => evaluation),
      lineage: workspace.lineage.around(version.digest, 'upstream'),
      parity,
      preprocessing: shipped.preprocessing,
      generation: shipped.generation?.description,
      parameters: shipped.parameters,
      components: this.#components(),
      applicationVersion,
    };
  }

  #components(): ServerComponent[] {
    const path = join(this.#programFolder, 'components.json');
    try {
      return JSON.parse(readFileSync(path, 'utf8'));
    } catch (error) {
      throw new LightbenchError(
        'source.not_found',
        `The program of the model server is not built: ${path} is missing.`,
        {
          suggestion: 'Run `npm run build`, or install Lightbench again.',
          cause: error,
        },
      );
    }
  }

  #files(
    version: ModelVersion,
    facts: BundleFacts,
    generation: ShippingModel['generation'],
  ): BundleWriterInput['files'] {
    const { artifacts } = this.#context.workspace;
    return [
      ...Object.entries(documents(facts)).map(([path, text]) => ({ path, text })),
      ...PROGRAM_FILES.map((path) => ({ path, source: join(this.#programFolder, path) })),
      { path: MODEL, source: artifacts.path(version.onnxDigest) },
      ...(generation?.onnx === undefined
        ? []
        : [{ path: generation.description.graph, bytes: new Uint8Array(generation.onnx) }]),
      ...(version.inputExampleDigest === null
        ? []
        : [{ path: INPUT_EXAMPLE, source: artifacts.path(version.inputExampleDigest) }]),
    ];
  }

  #record(bundle: Bundle, version: ModelVersion): void {
    const { workspace } = this.#context;
    const title = `${bundle.modelName} v${bundle.version}`;
    workspace.transaction(() => {
      workspace.serving.putBundle(bundle);
      workspace.lineage.node({ digest: bundle.digest, kind: 'bundle', title: `Bundle of ${title}` });
      workspace.lineage.edge(version.digest, bundle.digest, 'exported as');
      workspace.ledger.append({
        actor: bundle.createdBy,
        action: 'bundle.exported',
        subject: bundle.digest,
        summary: `${bundle.createdBy} exported ${title}; its outputs differ from the trained model by at most ${bundle.parity.maxAbsDiff}.`,
        payload: { modelVersion: version.digest, path: bundle.path, parity: bundle.parity },
      });
    });
  }
}
