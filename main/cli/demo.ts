import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LightbenchError } from '../contract/errors.ts';
import type { Job } from '../contract/jobs.ts';
import { runConfig } from '../contract/run-config.ts';
import type { Arguments } from './arguments.ts';
import { type Connection, connect } from './connection.ts';

const MODEL = 'digit-classifier';
const ENDPOINT = 'digits';
/** Who approves: somebody else than the owner of the workspace, as the registry demands. */
const APPROVER = 'approver';

/** What `demo --json` prints last. */
interface DemoResult {
  readonly datasetDigest: string;
  readonly trainImages: number;
  readonly testAccuracy: number;
  readonly epochSeconds: number;
  readonly modelVersion: string;
  readonly bundlePath: string;
  readonly parityMaxAbsDiff: number;
  readonly serverUrl: string;
  readonly inferenceOk: boolean;
  readonly ledgerVerified: boolean;
}

/**
 * The whole life of a digit classifier through the same procedures that the window calls: import, label, train, compare,
 * explain, register, approve, export, deploy, ask, roll back, verify. Every step reads back what the step before stored.
 */
export async function demo(options: Arguments): Promise<number> {
  const workspace = options.workspaceGiven ? options.workspace : mkdtempSync(join(tmpdir(), 'lightbench-demo-'));
  const connection = await connect({ workspace, user: options.user });
  const stopTelling = connection.onEvent((event) => {
    if (event.type === 'job') tellProgress(event.job);
  });
  try {
    say(`Workspace ${workspace}`);
    const result = await liveThrough(connection, workspace);
    process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : `${JSON.stringify(result, null, 2)}\n`);
    if (options.keep) {
      say(`The model server stays at ${result.serverUrl}; Ctrl-C ends it.`);
      await new Promise((resolve) => process.once('SIGINT', resolve));
    }
    return result.inferenceOk && result.ledgerVerified ? 0 : 1;
  } finally {
    stopTelling();
    await connection.close();
  }
}

async function liveThrough(connection: Connection, workspace: string): Promise<DemoResult> {
  const { call } = connection;

  say('1/9 Import 70,000 digits');
  const [importJob] = (await call('samples.import', { ids: ['digits'] })).jobIds;
  await finished(connection, importJob);
  const digits = (await call('datasets.list', {})).find((dataset) => dataset.name === 'digits')?.versions[0];
  if (digits === undefined)
    throw new LightbenchError('internal.unexpected', 'The digits are not among the datasets after their import.');
  const trainImages = digits.splits.find((entry) => entry.split === 'train')?.count ?? 0;
  const quality = await call('datasets.quality', { digest: digits.digest });
  say(
    `    ${digits.rows} images, digest ${digits.digest.slice(0, 12)}…; ${quality.exactDuplicates.items} exact and ${quality.nearDuplicates.items} near duplicates`,
  );

  say('2/9 Label: change one label, take it back; both are kept as versions');
  const labelSet =
    (await call('labels.list', { datasetDigest: digits.digest })).find((set) => set.name === 'demo') ??
    (await call('labels.create', { datasetDigest: digits.digest, name: 'demo' }));
  const [{ label }] = await call('datasets.rows', { digest: digits.digest, indices: [0], labelSetId: labelSet.id });
  const changed = await call('labels.apply', {
    labelSetId: labelSet.id,
    expectedHead: labelSet.head,
    changes: [{ index: 0, label: (label + 1) % digits.classes.length }],
  });
  await call('labels.apply', {
    labelSetId: labelSet.id,
    expectedHead: changed.digest,
    changes: [{ index: 0, label }],
    comment: 'Undo',
  });

  say('3/9 Train a dense and a convolutional network, one epoch each');
  const templates = await call('training.templates', { datasetDigest: digits.digest });
  const runs = [];
  for (const kind of ['mlp', 'cnn'] as const) {
    const template = templates.find((entry) => entry.id.includes(kind) && entry.task === 'image-classification');
    if (template === undefined)
      throw new LightbenchError('internal.unexpected', `There is no ${kind} template for images.`);
    const { config } = await call('training.validate', { yaml: template.yaml });
    const adapted = runConfig.parse({
      ...config,
      name: `demo ${kind}`,
      experiment: 'demo',
      data: { ...(config?.data as object), dataset: digits.digest, labelSet: labelSet.id },
      training: { epochs: 1 },
    });
    const { runId, jobId } = await call('training.start', { yaml: JSON.stringify(adapted) });
    await finished(connection, jobId);
    runs.push((await call('runs.get', { runId })).run);
  }

  say('4/9 Compare');
  const evaluated = [];
  for (const run of runs) {
    const test = (await call('evaluation.list', { runId: run.id })).find((entry) => entry.split === 'test');
    if (test?.classification == null)
      throw new LightbenchError('internal.unexpected', `${run.name} was not evaluated on the test split.`);
    const seconds =
      run.metrics.epoch_seconds ?? (Date.parse(run.endedAt ?? '') - Date.parse(run.startedAt ?? '')) / 1000;
    evaluated.push({ run, accuracy: test.classification.accuracy, seconds });
    say(
      `    ${run.name.padEnd(9)} ${run.parameters.toLocaleString('en')} parameters, test accuracy ${(test.classification.accuracy * 100).toFixed(2)} %, epoch ${seconds.toFixed(1)} s`,
    );
  }
  const best = evaluated.reduce((a, b) => (b.accuracy > a.accuracy ? b : a));

  say('5/9 Explain its most confident mistake');
  const mistakes = await call('datasets.items', {
    digest: digits.digest,
    filter: { splits: ['test'], runId: best.run.id, correct: false, sort: 'confidence_descending' },
  });
  const suspect = mistakes.indices[0] ?? digits.rows - 1;
  for (const method of ['saliency', 'integrated_gradients', 'grad_cam'] as const) {
    const explanation = await call('explaining.explain', {
      model: { runId: best.run.id },
      datasetDigest: digits.digest,
      index: suspect,
      method,
    });
    say(
      `    ${method.padEnd(21)} item ${suspect}: says ${explanation.classes[explanation.predicted]}, labelled ${explanation.classes[explanation.label]} (${explanation.durationMs.toFixed(0)} ms)`,
    );
  }

  say('6/9 Register, and have somebody else approve it for production');
  const version = await call('registry.register', {
    runId: best.run.id,
    modelName: MODEL,
    description: 'Made by the demo',
  });
  const password = randomBytes(12).toString('base64url');
  const people = await call('users.list', {});
  const approver =
    people.find((person) => person.name === APPROVER) ??
    (await call('users.create', {
      name: APPROVER,
      displayName: 'Approver of the demo',
      roles: ['approver'],
      password,
    }));
  await call('users.setPassword', { id: approver.id, newPassword: password });
  const request = await call('registry.requestPromotion', {
    modelName: MODEL,
    version: version.version,
    alias: 'production',
    comment: 'Best of the demo',
  });
  await call('registry.decide', {
    requestId: request.id,
    decision: 'approve',
    userName: APPROVER,
    password,
    comment: 'Accuracy and the explanation were looked at',
  });
  const inProduction = await call('registry.aliasAt', {
    modelName: MODEL,
    alias: 'production',
    at: new Date(Date.now() + 1000).toISOString(),
  });
  say(`    in production: ${MODEL} version ${inProduction.version}`);

  say('7/9 Export, with proof that the bundle answers like the trained model');
  await finished(connection, (await call('bundles.export', { modelName: MODEL, version: version.version })).jobId);
  const bundle = (await call('bundles.list', { modelName: MODEL })).find((entry) => entry.version === version.version);
  if (bundle === undefined)
    throw new LightbenchError('internal.unexpected', 'The bundle is not listed after its export.');
  say(`    ${bundle.files.length} files, largest difference of an output ${bundle.parity.maxAbsDiff.toExponential(1)}`);

  say('8/9 Deploy, and ask it');
  await finished(
    connection,
    (await call('deployments.deploy', { endpoint: ENDPOINT, bundleDigest: bundle.digest })).jobId,
  );
  const deployment = (await call('deployments.list', {})).find((entry) => entry.endpoint === ENDPOINT);
  const test = await call('datasets.items', {
    digest: digits.digest,
    filter: { splits: ['test'], runId: best.run.id, correct: true },
  });
  const answer = await call('deployments.predict', {
    endpoint: ENDPOINT,
    datasetDigest: digits.digest,
    index: test.indices[0],
  });
  const [asked] = await call('datasets.rows', {
    digest: digits.digest,
    indices: [test.indices[0]],
    runId: best.run.id,
  });
  const inferenceOk = answer.predicted === asked.predicted && answer.version === version.version;
  say(
    `    ${deployment?.url}: item ${asked.index} is a ${answer.classes[answer.predicted]} (${answer.durationMs.toFixed(0)} ms)`,
  );

  say('9/9 Verify the ledger');
  const ledger = await call('ledger.verify', {});
  say(`    ${ledger.entries} entries, ${ledger.intact ? 'unbroken' : ledger.problem}`);

  return {
    datasetDigest: digits.digest,
    trainImages,
    testAccuracy: best.accuracy,
    epochSeconds: best.seconds,
    modelVersion: `${MODEL}@${version.version}`,
    bundlePath: join(workspace, bundle.path),
    parityMaxAbsDiff: bundle.parity.maxAbsDiff,
    serverUrl: deployment?.url ?? '',
    inferenceOk,
    ledgerVerified: ledger.intact,
  };
}

async function finished(connection: Connection, jobId: string): Promise<void> {
  const job = await connection.call('jobs.wait', { id: jobId, timeoutMs: 86_400_000 });
  if (job.error !== null) throw LightbenchError.fromRecord(job.error);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

let toldAt = 0;

/** One line a second and job, rewritten in place on a terminal. */
function tellProgress(job: Job): void {
  const { progress } = job;
  if (job.state !== 'RUNNING' || progress === null || performance.now() - toldAt < (process.stderr.isTTY ? 200 : 2000))
    return;
  toldAt = performance.now();
  const share = progress.total === null ? '' : ` of ${progress.total.toLocaleString('en')}`;
  const rate = progress.ratePerSecond === null ? '' : `, ${Math.round(progress.ratePerSecond).toLocaleString('en')}/s`;
  const left = progress.remainingMs === null ? '' : `, ${Math.ceil(progress.remainingMs / 1000)} s left`;
  const line = `    ${progress.phase}: ${progress.done.toLocaleString('en')}${share} ${progress.unit}${rate}${left}`;
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
  if (process.stderr.isTTY && progress.done === progress.total) process.stderr.write('\n');
}
