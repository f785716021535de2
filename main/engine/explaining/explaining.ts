import type { z } from 'zod';
import { LightbenchError } from '../../contract/errors.ts';
import type { Explanation, ExplanationMethod, modelReference } from '../../contract/explaining.ts';
import type { ParsedInput } from '../../contract/index.ts';
import type { Run } from '../../contract/training.ts';
import type { EngineContext, HandlersOf } from '../core/context.ts';
import type { Experiments, RunRecords } from '../training/index.ts';
import { ExplainerProcess } from './explainer-process.ts';
import { type ExplainedModel, methodNames, methods } from './methods.ts';

export interface ExplainingNeighbours {
  readonly records: RunRecords;
  readonly experiments: Experiments;
  readonly datasets: {
    /** @throws LightbenchError record.not_found */
    manifestDigest(digest: string): string;
    labels(digest: string): ArrayLike<number>;
  };
  /** What a model version was made of. @throws LightbenchError record.not_found */
  registered(modelName: string, version: number): { readonly runId: string; readonly checkpointDigest: string };
  readonly threads: number;
}

/** Why a model says what it says of one picture. */
export class Explaining {
  readonly #context: EngineContext;
  readonly #neighbours: ExplainingNeighbours;
  readonly #process: ExplainerProcess;

  readonly handlers: HandlersOf<'explaining'> = {
    'explaining.methods': ({ model }) =>
      this.methodsOf(model).map((method) => ({
        method,
        title: methods[method].title,
        statement: methods[method].statement,
      })),
    'explaining.explain': (input) => this.#explain(input),
  };

  constructor(context: EngineContext, neighbours: ExplainingNeighbours) {
    this.#context = context;
    this.#neighbours = neighbours;
    this.#process = new ExplainerProcess(context, neighbours.threads);
  }

  /** The methods that suit a model; none for one that reads tables. @throws LightbenchError record.not_found */
  methodsOf(reference: z.infer<typeof modelReference>): ExplanationMethod[] {
    const model = this.#modelOf(this.#resolve(reference).run);
    return model === null ? [] : methodNames.filter((method) => methods[method].supports(model));
  }

  close(): Promise<void> {
    return this.#process.close();
  }

  async #explain(input: ParsedInput<'explaining.explain'>): Promise<Explanation> {
    const { method, datasetDigest, index, steps } = input;
    const { run, checkpointDigest } = this.#resolve(input.model);
    const model = this.#modelOf(run);
    if (model === null)
      throw new LightbenchError(
        'explanation.unsupported',
        'Heatmaps explain the class of a picture, and this model says none.',
        {
          suggestion: 'Explain a model that tells classes of pictures.',
        },
      );
    if (!methods[method].supports(model))
      throw new LightbenchError(
        'explanation.unsupported',
        `${methods[method].title} looks at the last convolution, and ${run.name} has none.`,
      );
    const reply = await this.#process.explain({
      manifestDigest: this.#neighbours.datasets.manifestDigest(datasetDigest),
      checkpointDigest,
      index,
      method,
      target: input.target ?? null,
      steps,
    });
    const { values, ok: _, number: __, ...found } = reply;
    return {
      ...found,
      method,
      label: this.#labels(run, datasetDigest)[index] ?? -1,
      values: Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64'),
      statement: methods[method].statement,
    };
  }

  #labels(run: Run, datasetDigest: string): ArrayLike<number> {
    return run.datasetDigest === datasetDigest
      ? (this.#neighbours.experiments.labelsOf(run) ?? [])
      : this.#neighbours.datasets.labels(datasetDigest);
  }

  #resolve(reference: z.infer<typeof modelReference>): { readonly run: Run; readonly checkpointDigest: string } {
    const { records, registered } = this.#neighbours;
    if ('modelName' in reference) {
      const { runId, checkpointDigest } = registered(reference.modelName, reference.version);
      return { run: records.get(runId), checkpointDigest };
    }
    const run = records.get(reference.runId);
    const checkpointDigest = run.bestCheckpoint ?? run.lastCheckpoint;
    if (checkpointDigest === null)
      throw new LightbenchError('run.wrong_state', `${run.name} has no checkpoint to explain yet.`);
    return { run, checkpointDigest };
  }

  /** Null for models that read no pictures. */
  #modelOf(run: Run): ExplainedModel | null {
    const summary = this.#context.workspace.runs.summary(run.id);
    if (run.task !== 'image-classification' || summary === undefined) return null;
    return { kind: this.#neighbours.experiments.configOf(run).model.kind, layers: summary.layers };
  }
}
