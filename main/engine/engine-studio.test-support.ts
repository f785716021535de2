import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ProcedureInput, ProcedureName, ProcedureOutput } from '../contract/index.ts';
import { procedures } from '../contract/index.ts';
import { createEngine, type Engine } from './create-engine.ts';
import { buildServerProgram } from './trained-model.test-support.ts';

export type SampleId = ProcedureOutput<'samples.list'>[number]['id'];

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
