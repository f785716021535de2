import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import type { ProcedureInput, ProcedureName, ProcedureOutput } from '../contract/index.ts';
import { procedures } from '../contract/index.ts';
import { createEngine, type Engine } from './create-engine.ts';
import { writeFirstDigits } from './first-digits.test-support.ts';
import { buildServerProgram } from './trained-model.test-support.ts';

export type SampleId = ProcedureOutput<'samples.list'>[number]['id'];

const PENGUINS = join(import.meta.dirname, '../../node_modules/vega-datasets/data/penguins.json');

/** A studio for all tests of a file, closed behind them. */
export function openStudio(): EngineStudio {
  const studio = new EngineStudio();
  afterAll(() => studio.close());
  return studio;
}

/** The whole engine on a workspace of its own, with what a person does in it. */
export class EngineStudio {
  readonly #folder: string;
  readonly #engine: Engine;

  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'task-engine-'));
    buildServerProgram(join(this.#folder, 'program'));
    this.#engine = createEngine({
      workspaceFolder: join(this.#folder, 'workspace'),
      applicationVersion: '0.0.0',
      workerEntry: (name) => ({ path: join(import.meta.dirname, '..', 'workers', `${name}.ts`) }),
      packageFolder: (name) => join(import.meta.dirname, '../../node_modules', name),
      modelServerFolder: join(this.#folder, 'program'),
    });
  }

  readonly call = async <N extends ProcedureName>(name: N, input: ProcedureInput<N>): Promise<ProcedureOutput<N>> => {
    const reply = await this.#engine.call({ procedure: name, input });
    if (!reply.ok) throw Object.assign(new Error(reply.error.cause), reply.error);
    return procedures[name].output.parse(reply.result) as ProcedureOutput<N>;
  };

  /** Waits for a job to end well. */
  async ended(jobId: string): Promise<Readonly<Record<string, string>>> {
    for (;;) {
      const job = (await this.call('jobs.list', {})).find(({ id }) => id === jobId);
      if (job !== undefined && job.endedAt !== null) {
        if (job.error !== null) throw Object.assign(new Error(job.error.cause), job.error);
        return job.subject;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Imports a file or folder. */
  async import(path: string, options: ProcedureInput<'datasets.import'>['options']): Promise<string> {
    const { jobId } = await this.call('datasets.import', { path, options });
    return (await this.ended(jobId)).datasetDigest;
  }

  /** The first digits of MNIST as the dataset `digits`. */
  digits(trainCount: number, testCount: number): Promise<string> {
    return this.import(writeFirstDigits(this.#folder, trainCount, testCount), { name: 'digits' });
  }

  /** The penguins, whose mass is to be predicted, as the dataset `masses`. */
  masses(): Promise<string> {
    const splits = { mode: 'stratified' as const, validation: 0.15, test: 0.2, seed: 0 };
    return this.import(PENGUINS, { name: 'masses', target: 'Body Mass (g)', splits });
  }

  async sample(id: SampleId): Promise<string> {
    const { jobIds } = await this.call('samples.import', { ids: [id] });
    return (await this.ended(jobIds[0])).datasetDigest;
  }

  async train(yaml: string): Promise<string> {
    const { runId, jobId } = await this.call('training.start', { yaml });
    await this.ended(jobId);
    return runId;
  }

  /** Imports a sample, checks every template that fits it, and trains from one of them. */
  async trained(sample: SampleId, template: string, edit: (yaml: string) => string) {
    const datasetDigest = await this.sample(sample);
    const templates = await this.call('training.templates', { datasetDigest });
    for (const { id, yaml, modelFile } of templates) {
      const { diagnostics, summary } = await this.call('training.validate', { yaml, modelFile });
      expect([id, diagnostics.filter(({ severity }) => severity === 'error')]).toEqual([id, []]);
      expect(summary?.parameters).toBeGreaterThan(0);
    }
    const chosen = templates.find(({ id }) => id === template);
    const runId = await this.train(`${edit(chosen?.yaml ?? '')}threads: 1\n`);
    return { runId, datasetDigest, evaluations: await this.call('evaluation.list', { runId }) };
  }

  /** Registers a run, exports it with its proof, and deploys it. */
  async served(runId: string, modelName: string) {
    const { version } = await this.call('registry.register', { runId, modelName, description: '' });
    const { bundleDigest } = await this.ended((await this.call('bundles.export', { modelName, version })).jobId);
    await this.ended((await this.call('deployments.deploy', { endpoint: modelName, bundleDigest })).jobId);
    const [bundle] = await this.call('bundles.list', { modelName });
    const deployment = (await this.call('deployments.list', {})).find(({ endpoint }) => endpoint === modelName);
    return { parity: bundle.parity, url: deployment?.url ?? '' };
  }

  async close(): Promise<void> {
    await this.#engine.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
