import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { DatasetVersion } from '../../../main/contract/datasets.ts';
import { LightbenchError } from '../../../main/contract/errors.ts';
import { type RunConfig, runConfig } from '../../../main/contract/run-config.ts';
import type { Run } from '../../../main/contract/training.ts';
import type { TrainerInput } from '../../../main/contract/training-worker.ts';
import { Studio } from '../results/studio.ts';
import { findPython } from '../training/peer.ts';
import { type LossCurve, trainLossAgreement } from './agreement.ts';
import { trainPeer } from './peer.ts';

const TEMPLATE = 'language-transformer';

/**
 * `bench language [--epochs 1] [--threads 2] [--seed 0] [--workspace DIR [--run ID]]`: trains the template of a language model on the
 * mails that come with the program, in the studio, and the same model in PyTorch: from the same initial weights, on the
 * same batches, with the same learning rates. `--run` compares a run that the workspace holds already. Prints one JSON
 * object with the agreement of both loss curves; without PyTorch it says so and sets the exit code.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      epochs: { type: 'string' },
      threads: { type: 'string', default: '2' },
      seed: { type: 'string', default: '0' },
      workspace: { type: 'string' },
      run: { type: 'string' },
    },
  });
  const python = findPython();
  if (!python) {
    process.stderr.write('This benchmark needs Python with PyTorch: set LIGHTBENCH_PYTHON to one that has it.\n');
    process.exitCode = 1;
    return;
  }
  const workspace = values.workspace ?? mkdtempSync(join(tmpdir(), 'lightbench-language-'));
  const studio = await Studio.open(workspace);
  try {
    const dataset = await studio.sample('mails');
    const options = {
      threads: Number(values.threads),
      epochs: values.epochs === undefined ? undefined : Number(values.epochs),
      seed: Number(values.seed),
    };
    const { run: ours, evaluation } =
      values.run === undefined ? await studio.train(dataset, TEMPLATE, options) : await studio.trained(values.run);
    const config = await configOf(studio, ours);
    const input = await inputOf(studio, workspace, dataset, config, options.threads);
    const peer = await trainPeer(python.command, input);
    const curve = await trainLossOf(studio, ours);
    const validation = await seriesOf(studio, ours, 'validation_loss');
    const bestEpoch = validation.values.indexOf(Math.min(...validation.values));
    process.stdout.write(
      `${JSON.stringify({
        template: TEMPLATE,
        dataset: `${dataset.name}, ${dataset.digest}`,
        parameters: ours.parameters,
        steps: ours.step,
        batchSize: config.data.batchSize,
        seed: ours.seed,
        threads: ours.threads,
        pytorch: peer.version,
        trainLoss: trainLossAgreement(curve, peer),
        validationLoss: validation.values.map((loss, epoch) => compared(loss, peer.validation[epoch])),
        testLoss: compared(evaluation.loss, peer.test[bestEpoch]),
      })}\n`,
    );
  } finally {
    await studio.close();
    if (values.workspace === undefined) rmSync(workspace, { recursive: true, force: true });
  }
}

/** Nats per token, and by what share ours is above PyTorch's. */
const compared = (ours: number, peer: number) => ({ ours, peer, difference: ours / peer - 1 });

async function configOf(studio: Studio, { id }: Run): Promise<RunConfig> {
  const { yaml } = await studio.call('runs.get', { runId: id });
  const { config } = await studio.call('training.validate', { yaml });
  return runConfig.parse(config);
}

async function seriesOf(studio: Studio, { id }: Run, key: string) {
  const [series] = await studio.call('runs.metrics', { runIds: [id], keys: [key], maximumPoints: 100_000 });
  if (series === undefined) throw new LightbenchError('record.not_found', `The run ${id} has no ${key}.`);
  return series;
}

async function trainLossOf(studio: Studio, ours: Run): Promise<LossCurve> {
  const { steps, values } = await seriesOf(studio, ours, 'train_loss');
  return { steps, losses: values };
}

/** What the run's process was given, so that its batches can be made again. */
async function inputOf(
  studio: Studio,
  workspaceFolder: string,
  { digest, schema }: DatasetVersion,
  config: RunConfig,
  threads: number,
): Promise<TrainerInput> {
  const [entry] = await studio.call('ledger.list', { action: 'dataset.imported', subject: digest });
  const { manifest } = (entry?.payload ?? {}) as { readonly manifest?: string };
  if (manifest === undefined) throw new LightbenchError('record.not_found', `Nobody imported ${digest}.`);
  return {
    workspaceFolder,
    manifestDigest: manifest,
    config,
    classes: [],
    columns: schema.filter(({ type }) => type === 'text'),
    target: null,
    labels: null,
    provider: 'cpu',
    threads,
    blockSize: null,
    native: false,
    resume: null,
  };
}
