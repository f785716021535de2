/** Entry of the import process: one source in, the artifacts of one dataset version out. */
import { extname, join } from 'node:path';
import { type ImportMessage, importInput } from '../contract/import-worker.ts';
import { sourceError } from '../contract/source-errors.ts';
import { ArtifactStore } from '../storage/artifacts/artifact-store.ts';
import type { ImportSurroundings } from './import/import-items.ts';
import { importSource } from './import/import-source.ts';
import { runWorker } from './worker-channel.ts';

/** The thread's entry lies beside this one, as source and built. */
const SIMILARITY = join(import.meta.dirname, `similarity${extname(import.meta.filename)}`);

runWorker(importInput, async (input, channel) => {
  const send = (message: ImportMessage) => channel.send(message);
  const surroundings: ImportSurroundings = {
    store: new ArtifactStore(input.workspaceFolder),
    scratchFolder: input.scratchFolder,
    packSizeBytes: input.packSizeBytes,
    signal: channel.signal,
    progress: (phase, done, total, unit) => send({ type: 'progress', progress: { phase, done, total, unit } }),
    log: (level, text) => send({ type: 'log', level, text }),
  };
  send({ type: 'progress', progress: { phase: 'Looking at the source', done: 0, total: null, unit: 'files' } });
  try {
    return await importSource(input, surroundings, SIMILARITY);
  } catch (error) {
    throw sourceError(error);
  }
});
