import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { LightbenchError } from '../../contract/errors.ts';
import type { RunConfig } from '../../contract/run-config.ts';
import type { ModelSources } from '../../models/index.ts';
import type { ArtifactStore } from '../../storage/artifacts/artifact-store.ts';

/** What models name by digest, out of the workspace; for a trial, which leaves nothing there, also from where it lies. */
export function modelSources(store: ArtifactStore, model?: RunConfig['model']): ModelSources {
  return {
    artifact: (digest) => {
      if (store.has(digest) || model?.kind !== 'imported' || model.file === undefined) return store.read(digest);
      const bytes = readFileSync(model.file);
      if (createHash('sha256').update(bytes).digest('hex') !== digest)
        throw new LightbenchError('source.inconsistent', `${model.file} changed after it was checked.`, {
          suggestion: 'Start again.',
        });
      return bytes;
    },
  };
}
