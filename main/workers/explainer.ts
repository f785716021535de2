import { LightbenchError } from '../contract/errors.ts';
import { type ExplainReply, explainerInput, explainRequest } from '../contract/explaining-worker.ts';
import { GraphError } from '../graph/index.ts';
import { ArtifactStore } from '../storage/artifacts/artifact-store.ts';
import { Explainer } from './explaining/explain.ts';
import { asLightbenchError } from './training/as-lightbench-error.ts';
import { runWorker } from './worker-channel.ts';

/** Stays warm for several explanations, one after the other; ends when it is told to stop. */
runWorker(explainerInput, ({ workspaceFolder, threads }, channel) => {
  const explainer = new Explainer(new ArtifactStore(workspaceFolder), workspaceFolder, threads);
  let last: Promise<void> = Promise.resolve();
  channel.onMessage((raw) => {
    if (raw.type !== 'explain') return;
    const request = explainRequest.parse(raw);
    last = last.then(async () => {
      channel.send(await answer(explainer, request));
    });
  });
  return new Promise((resolve) => channel.signal.addEventListener('abort', () => resolve({}), { once: true }));
});

async function answer(explainer: Explainer, request: ReturnType<typeof explainRequest.parse>): Promise<ExplainReply> {
  try {
    return { ok: true, number: request.number, ...(await explainer.explain(request)) };
  } catch (error) {
    const known =
      error instanceof GraphError
        ? new LightbenchError('explanation.unsupported', error.message, { cause: error })
        : asLightbenchError(error);
    return { ok: false, number: request.number, error: known.toRecord() };
  }
}
