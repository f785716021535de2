import { LightbenchError } from '../../contract/errors.ts';
import type { PredictionRecord } from '../../contract/serving.ts';
import { type ModelServerMessage, modelServerCommand, modelServerInput } from '../../contract/serving-worker.ts';
import { runWorker } from '../worker-channel.ts';
import { ModelServer } from './model-server.ts';

const TELL_EVERY_MS = 100;

/** The model server as a process of the engine: it serves one endpoint and reports what it answered. */
export function serveForEngine(programPath: string, programVersion: string): void {
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
      programVersion,
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
