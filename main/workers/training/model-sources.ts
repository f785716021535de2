import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LightbenchError } from '../../contract/errors.ts';
import type { RunConfig } from '../../contract/run-config.ts';
import type { ModelSources } from '../../models/index.ts';
import type { ArtifactStore } from '../../storage/artifacts/artifact-store.ts';
import { loadCheckpoint } from './checkpoint-file.ts';

/** What models name by digest, out of the workspace; for a trial, which leaves nothing there, also from where it lies. */
export function modelSources(store: ArtifactStore, model?: RunConfig['model']): ModelSources {
  return {
    checkpoint: (digest) => {
      const { state, tensors } = loadCheckpoint(store, digest);
      return { ...state, values: tensors };
    },
    artifact: (digest) => {
      const path = pathOf(store, model);
      if (path === undefined || store.has(digest)) return store.read(digest);
      const bytes = readFileSync(path);
      if (createHash('sha256').update(bytes).digest('hex') !== digest)
        throw new LightbenchError('source.inconsistent', `${path} changed after it was checked.`, {
          suggestion: 'Start again.',
        });
      return bytes;
    },
  };
}

function pathOf(store: ArtifactStore, model: RunConfig['model'] | undefined): string | undefined {
  if (model?.kind === 'imported') return model.file;
  return model?.kind === 'own' ? join(store.folder, '..', model.file) : undefined;
}
