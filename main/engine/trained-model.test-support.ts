/**
 * For the tests of the registry, the bundles and the model server: a workspace with a real dataset of small pictures, and
 * finished runs whose models the compiler really makes.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { Emitter } from '../base/emitter.ts';
import { seededRandom } from '../base/random.ts';
import type { DatasetVersion } from '../contract/datasets.ts';
import type { Evaluation } from '../contract/evaluation.ts';
import type { WorkspaceEvent } from '../contract/events.ts';
import type { Role } from '../contract/procedure.ts';
import type { Run } from '../contract/training.ts';
import { allocateColumns, type DatasetManifest, writeIndex } from '../formats/dataset-pack/dataset-index.ts';
import { compileForward, initializeParameters } from '../graph/index.ts';
import { buildModel } from '../models/index.ts';
import { sha256, Workspace } from '../storage/index.ts';
import type { Caller, EngineContext } from './core/context.ts';
import { Governance } from './governance/index.ts';
import { Jobs } from './jobs/index.ts';
import { DatasetSamples, Registry } from './registry/index.ts';
import type { Shipping, ShippingModel } from './training/index.ts';

export const SIZE = 6;
export const CLASSES = ['circle', 'cross', 'square'];
const ITEMS = 120;
const MANIFEST_DATASET = sha256('the pictures of the tests');

/** A clock that tests set, forwards and backwards. */
export class SetClock implements Clock {
  time = Date.parse('2026-03-01T10:00:00.000Z');

  nowMs(): number {
    return this.time;
  }

  set(text: string): void {
    this.time = Date.parse(text);
  }
}

export interface TrainedModels {
  readonly folder: string;
  readonly context: EngineContext;
  readonly workspace: Workspace;
  readonly governance: Governance;
  readonly jobs: Jobs;
  readonly samples: DatasetSamples;
  readonly shipping: Shipping;
  readonly registry: Registry;
  readonly datasetDigest: string;
  /** Stores a run whose weights follow from the seed. */
  addRun(seed: number, patch?: Partial<Run>): string;
  /** Changes what ships from now on: the bytes of the graph, for instance. */
  alter(change: (shipped: ShippingModel) => ShippingModel): void;
  addPerson(name: string, roles: Role[], password: string): Promise<Caller>;
  close(): Promise<void>;
}

export function openTrainedModels(clock: Clock, folder = mkdtempSync(join(tmpdir(), 'models-'))): TrainedModels {
  const workspace = Workspace.open({ folder, clock, application: 'test' });
  const events = new Emitter<WorkspaceEvent>();
  const context: EngineContext = {
    workspace,
    clock,
    events,
    applicationVersion: '0.1.0',
    workerEntry: (name) => ({ path: join(import.meta.dirname, '../workers', `${name}.ts`) }),
    changed: (topic, ids = [], actor = null) => events.emit({ type: 'changed', topic, ids: [...ids], actor }),
  };
  if (workspace.datasets.version(MANIFEST_DATASET) === undefined) storeDataset(workspace);
  const governance = new Governance(context);
  const jobs = new Jobs(context);
  const samples = new DatasetSamples(context);
  let change = (shipped: ShippingModel) => shipped;
  const shipping: Shipping = { ship: (runId) => change(ship(workspace, runId)) };
  return {
    folder,
    context,
    workspace,
    governance,
    jobs,
    samples,
    shipping,
    registry: new Registry(context, shipping, samples, governance),
    datasetDigest: MANIFEST_DATASET,
    addRun: (seed, patch = {}) => addRun(workspace, seed, patch),
    alter: (next) => {
      change = next;
    },
    addPerson: async (name, roles, password) => {
      const admin: Caller = { userId: 'user_admin', userName: 'admin', roles: ['admin'] };
      const user = await governance.handlers['users.create']({ name, displayName: '', roles, password }, admin);
      return { userId: user.id, userName: user.name, roles: user.roles };
    },
    close: async () => {
      await jobs.close();
      workspace.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Grey pictures of noise with a class each, four fifths to train on. */
function storeDataset(workspace: Workspace): void {
  const random = seededRandom(7);
  const pixels = Uint8Array.from({ length: ITEMS * SIZE * SIZE }, () => random.below(256));
  const columns = allocateColumns(ITEMS);
  for (let item = 0; item < ITEMS; item++) {
    columns.labels[item] = item % CLASSES.length;
    columns.splits[item] = item % 5 === 0 ? 2 : 0;
    columns.offsets[item] = item * SIZE * SIZE;
    columns.lengths[item] = SIZE * SIZE;
    columns.widths[item] = SIZE;
    columns.heights[item] = SIZE;
    columns.channels[item] = 1;
  }
  const names = Array.from({ length: ITEMS }, (_, item) => `picture ${item}`);
  const manifest: DatasetManifest = {
    layout: 1,
    digest: MANIFEST_DATASET,
    kind: 'image',
    classes: CLASSES,
    rows: ITEMS,
    index: workspace.artifacts.put(writeIndex({ columns, names, slices: [] })),
    packs: [workspace.artifacts.put(pixels)],
    thumbnails: [],
    table: null,
  };
  const createdAt = '2026-03-01T09:00:00.000Z';
  const version: DatasetVersion = {
    digest: MANIFEST_DATASET,
    datasetId: 'dataset_pictures',
    name: 'pictures',
    version: 1,
    kind: 'image',
    source: { uri: 'made by the test', format: 'idx' },
    createdAt,
    createdBy: 'ada',
    licence: 'CC0-1.0',
    description: 'Noise with a class each.',
    schema: [],
    target: 'label',
    rows: ITEMS,
    classes: CLASSES,
    splits: [
      { split: 'train', count: 96, classCounts: [32, 32, 32] },
      { split: 'test', count: 24, classCounts: [8, 8, 8] },
    ],
    sizeBytes: pixels.byteLength,
    image: { channels: 1, width: SIZE, height: SIZE },
    qualityDigest: null,
  };
  workspace.transaction(() => {
    workspace.datasets.insert({ id: 'dataset_pictures', name: 'pictures', kind: 'image', createdAt });
    workspace.datasets.insertVersion(version, workspace.artifacts.put(Buffer.from(JSON.stringify(manifest))).digest);
    workspace.lineage.node({ digest: MANIFEST_DATASET, kind: 'dataset', title: 'pictures@1' });
  });
}

function addRun(workspace: Workspace, seed: number, patch: Partial<Run>): string {
  const id = `run_${String(seed).padStart(6, '0')}`;
  const configDigest = sha256(`config ${seed}`);
  const checkpoint = sha256(`checkpoint ${seed}`);
  const createdAt = '2026-03-01T09:30:00.000Z';
  const run: Run = {
    id,
    name: `mlp ${seed}`,
    experiment: 'default',
    status: 'FINISHED',
    jobId: `job_${seed}`,
    createdAt,
    createdBy: 'ada',
    startedAt: createdAt,
    endedAt: createdAt,
    configDigest,
    datasetDigest: MANIFEST_DATASET,
    datasetName: 'pictures@1',
    labelSetDigest: null,
    task: 'image-classification',
    device: 'cpu',
    threads: 1,
    seed,
    codeVersion: '0.1.0',
    parameters: 627,
    params: { 'model.kind': 'mlp', 'optimizer.learningRate': 0.001 },
    metrics: { 'test.accuracy': 0.875, 'best.validation_loss': 0.42 },
    tags: {},
    note: '',
    epoch: 1,
    step: 100,
    totalSteps: 100,
    bestCheckpoint: checkpoint,
    lastCheckpoint: checkpoint,
    error: null,
    ...patch,
  };
  workspace.transaction(() => {
    workspace.runs.insertConfig(configDigest, `seed: ${seed}\n`, { seed });
    workspace.runs.insert(run, { layers: [], parameters: 627, flops: 1254, memoryBytes: 1e6 }, { seed });
    workspace.runs.putEvaluation(evaluationOf(id), sha256('predictions'));
    workspace.lineage.node({ digest: id, kind: 'run', title: run.name });
    workspace.lineage.node({ digest: checkpoint, kind: 'checkpoint', title: `Best checkpoint of ${run.name}` });
    workspace.lineage.edge(MANIFEST_DATASET, id, 'trained on');
    workspace.lineage.edge(id, checkpoint, 'wrote');
  });
  return id;
}

function ship(workspace: Workspace, runId: string): ShippingModel {
  const run = workspace.runs.get(runId)!;
  const model = buildModel(
    { kind: 'mlp', hidden: [16] },
    { kind: 'image', channels: 1, height: SIZE, width: SIZE },
    { kind: 'classification', classes: CLASSES.length },
  );
  const parameters = initializeParameters(model.module, run.seed);
  const preprocessing = {
    kind: 'image',
    layout: 'nhwc',
    channels: 1,
    height: SIZE,
    width: SIZE,
    mean: [0.5],
    deviation: [0.25],
    resize: false,
  } as const;
  const shipped = compileForward(model, { parameters, preprocessing, softmax: true });
  const reference = compileForward(model, { preprocessing, softmax: true });
  const image = { name: 'image', datatype: 'UINT8', shape: [-1, SIZE, SIZE, 1], description: 'Raw pixels' };
  return {
    runId,
    checkpointDigest: run.bestCheckpoint!,
    datasetDigest: run.datasetDigest,
    labelSetDigest: null,
    codeVersion: run.codeVersion,
    task: 'image-classification',
    classes: CLASSES,
    metrics: run.metrics,
    onnx: shipped.onnx,
    signature: {
      inputs: [image],
      outputs: [
        { name: 'probabilities', datatype: 'FP32', shape: [-1, 3], description: 'One per class' },
        { name: 'output', datatype: 'FP32', shape: [-1, 3], description: 'Logits' },
      ],
    },
    preprocessing: ['Pixels are divided by 255.', 'The mean 0.5 is subtracted and the result divided by 0.25.'],
    layout: { input: image, columns: [] },
    parameters: Object.values(parameters).reduce((sum, values) => sum + values.length, 0),
    reference: {
      onnx: reference.onnx,
      weights: Object.fromEntries(
        reference.inputs
          .filter(({ name }) => name in parameters)
          .map(({ name, shape }) => [name, { dtype: 'float32', dims: shape as number[], data: parameters[name] }]),
      ),
    },
  };
}

function evaluationOf(runId: string): Evaluation {
  return {
    runId,
    datasetDigest: MANIFEST_DATASET,
    split: 'test',
    createdAt: '2026-03-01T09:40:00.000Z',
    count: 24,
    loss: 0.4,
    classification: {
      classes: CLASSES,
      accuracy: 0.875,
      macroF1: 0.87,
      weightedF1: 0.87,
      expectedCalibrationError: 0.05,
      brier: 0.2,
      confusion: [
        [7, 1, 0],
        [0, 7, 1],
        [1, 0, 7],
      ],
      perClass: CLASSES.map((label) => ({ label, precision: 0.875, recall: 0.875, f1: 0.875, support: 8, auc: 0.96 })),
      roc: [],
      calibration: [],
    },
    regression: null,
  };
}

/** Builds the program that goes into bundles, as `npm run build` does. */
export function buildServerProgram(folder: string): void {
  const root = join(import.meta.dirname, '../..');
  execFileSync(process.execPath, [join(root, 'resources/build/build-server-program.ts'), folder], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
