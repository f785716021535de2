/** Entry of the import process: one source in, the artifacts of one dataset version out. */
import { extname, join } from 'node:path';
import { type ImportMessage, importInput } from '../contract/import-worker.ts';
import { sourceError } from '../contract/source-errors.ts';
import { detectSource } from '../formats/detect-source.ts';
import { ArtifactStore } from '../storage/artifacts/artifact-store.ts';
import { idxSource } from './import/idx-source.ts';
import { importImages } from './import/import-images.ts';
import type { ImportSurroundings } from './import/import-items.ts';
import { SimilarityThread } from './import/similarity-thread.ts';
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
    const detected = await detectSource(input.path);
    if (detected.format === 'idx') {
      // The thread starts while the files are read.
      const similarity = new SimilarityThread(SIMILARITY);
      return await importImages(await idxSource(detected.pairs), input, surroundings, similarity);
    }
    // Decoders and DuckDB take longer to load than a small import takes: each only where it is needed.
    if (detected.format === 'image-folder') {
      const { folderSource } = await import('./import/folder-source.ts');
      return await importImages(
        await folderSource(detected.path),
        input,
        surroundings,
        new SimilarityThread(SIMILARITY),
      );
    }
    if (detected.format === 'dicom') {
      const { dicomSource } = await import('./import/dicom-source.ts');
      return await importImages(
        dicomSource(detected.path, detected.names),
        input,
        surroundings,
        new SimilarityThread(SIMILARITY),
      );
    }
    const { importTable } = await import('./import/import-table.ts');
    return await importTable(detected.path, detected.format, input, surroundings);
  } catch (error) {
    throw sourceError(error);
  }
});
