import { fileURLToPath } from 'node:url';
import { isMainThread, workerData } from 'node:worker_threads';
import { LightbenchError } from '../contract/errors.ts';
import type { PredictionRecord } from '../contract/serving.ts';
import { type ModelServerMessage, modelServerCommand, modelServerInput } from '../contract/serving-worker.ts';
import { serveFromCommandLine } from './serving/command-line.ts';
import { runInferenceThread } from './serving/inference-thread.ts';
import { ModelServer } from './serving/model-server.ts';
import { INFERENCE_THREAD } from './serving/predictor.ts';
import { runWorker } from './worker-channel.ts';

/**
 * One file, three parts: started by the engine it serves an endpoint and reports to it; started by a person
 * (`node model-server.mjs --bundle DIR`) it serves a bundle; started as a thread of itself it runs the model.
 */
const PROGRAM_VERSION = '0.1.0';
const TELL_EVERY_MS = 100;

const programPath = fileURLToPath(import.meta.url);

if (!isMainThread && workerData === INFERENCE_THREAD) runInferenceThread();
else if (isMainThread && process.send === undefined)
  await serveFromCommandLine(programPath, PROGRAM_VERSION, process.argv.slice(2));
else if (isMainThread) serveForEngine();

function serveForEngine(): void {
  runWorker(modelServerInput, async (input, channel) => {
    const send = (message: ModelServerMessage) => channel.send(message);
    let records: PredictionRecord[] = [];
    const flush = () => {
      if (records.length > 0) send({ kind: 'predictions', records });
      records = [];
    };
    const server = await ModelServer.start({
      ...input,
      programPath,
      programVersion: PROGRAM_VERSION,
      onPrediction: (record) => void records.push(record),
    });
    const timer = setInterval(flush, TELL_EVERY_MS);
    channel.onMessage((raw) => {
      const command = modelServerCommand.safeParse(raw);
      if (!command.success) return;
      const { number, bundleFolder, bundleDigest } = command.data;
      server.switchTo(bundleFolder, bundleDigest).then(
        () => send({ kind: 'switched', number }),
        (error) => send({ kind: 'switch_failed', number, error: LightbenchError.from(error).toRecord() }),
      );
    });
    send({ kind: 'ready', port: server.port });
    if (!channel.signal.aborted)
      await new Promise<void>((resolve) => channel.signal.addEventListener('abort', () => resolve(), { once: true }));
    await server.close();
    clearInterval(timer);
    flush();
    return {};
  });
}
