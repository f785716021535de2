import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isoTime } from '../../base/clock.ts';
import { type BundleWriterInput, bundleWriterProgress, bundleWriterResult } from '../../contract/bundle-worker.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { ModelVersion } from '../../contract/registry.ts';
import type { Bundle, ParityCertificate } from '../../contract/serving.ts';
import { verifyBundle } from '../../formats/bundle/bundle-folder.ts';
import type { AssetHandlers, Caller, EngineContext, HandlersOf } from '../core/context.ts';
import type { JobContext, Jobs } from '../jobs/index.ts';
import { startWorker } from '../processes/worker-process.ts';
import type { InputLayout, RawSamples } from '../registry/index.ts';
import type { Shipping, ShippingModel } from '../training/index.ts';
import type { BundleFacts, ServerComponent } from './documents/facts.ts';
import { documents, INPUT_EXAMPLE } from './documents/index.ts';
import { checkParity } from './parity.ts';

const FOLDER = 'bundles';
/** Begins the names of what is not finished yet. */
const INCOMING = '.incoming-';
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
    this.#clearIncoming();
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
      },
      job.signal,
    );
    const { certificate } = parity;
    if (!certificate.passed) throw this.#refuse(version, certificate, parity.worst, job);
    job.log('info', `Largest difference ${certificate.maxAbsDiff}, allowed ${certificate.tolerance}`);

    const bundle = await this.#write(version, this.#facts(version, shipped, certificate), certificate, job);
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

  /** Everything under a temporary name, then the names; a kill leaves nothing that looks like a bundle. */
  async #write(version: ModelVersion, facts: BundleFacts, parity: ParityCertificate, job: JobContext): Promise<Bundle> {
    const { workspace, clock } = this.#context;
    const root = join(workspace.folder, FOLDER);
    mkdirSync(root, { recursive: true });
    const base = `${fileName(version.modelName)}-v${version.version}`;
    const incoming = join(root, `${INCOMING}${job.jobId}`);
    const incomingZip = `${incoming}.zip`;
    rmSync(incoming, { recursive: true, force: true });
    rmSync(incomingZip, { force: true });
    const input: BundleWriterInput = {
      folder: incoming,
      zipPath: incomingZip,
      rootName: base,
      files: [
        ...Object.entries(documents(facts)).map(([path, text]) => ({ path, text })),
        ...PROGRAM_FILES.map((path) => ({ path, source: join(this.#programFolder, path) })),
        { path: 'model.onnx', source: workspace.artifacts.path(version.onnxDigest) },
        ...(version.inputExampleDigest === null
          ? []
          : [{ path: INPUT_EXAMPLE, source: workspace.artifacts.path(version.inputExampleDigest) }]),
      ],
    };
    const worker = startWorker({
      entry: this.#context.workerEntry,
      name: 'bundle-writer',
      input,
      messages: bundleWriterProgress,
      onMessage: (progress) => job.progress({ ...progress, unit: 'files' }),
      signal: job.signal,
    });
    try {
      const written = bundleWriterResult.parse(await worker.result);
      const name = `${base}-${written.digest.slice(0, 12)}`;
      await settle(incoming, join(root, name), written.digest);
      renameSync(incomingZip, join(root, `${name}.zip`));
      syncFolder(root);
      return {
        digest: written.digest,
        modelName: version.modelName,
        version: version.version,
        createdAt: isoTime(clock),
        createdBy: job.createdBy,
        path: `${FOLDER}/${name}`,
        zipPath: `${FOLDER}/${name}.zip`,
        sizeBytes: written.sizeBytes,
        files: written.files,
        parity,
      };
    } finally {
      rmSync(incoming, { recursive: true, force: true });
      rmSync(incomingZip, { force: true });
    }
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

  /** Removes what a killed export left behind. */
  #clearIncoming(): void {
    const root = join(this.#context.workspace.folder, FOLDER);
    if (!existsSync(root)) return;
    for (const name of readdirSync(root))
      if (name.startsWith(INCOMING)) rmSync(join(root, name), { recursive: true, force: true });
  }
}

/** Gives a written folder its name. The same bundle may lie there already, and may be in use: then that one stays. */
async function settle(incoming: string, target: string, digest: string): Promise<void> {
  if (existsSync(target)) {
    if ((await verifyBundle(target, digest)).length === 0) return;
    rmSync(target, { recursive: true, force: true });
  }
  renameSync(incoming, target);
}

/** A name that every file system takes. */
function fileName(modelName: string): string {
  return modelName.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+/, '') || 'model';
}

/** Makes the renames durable. Windows cannot open folders, and flushes renames on its own. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
