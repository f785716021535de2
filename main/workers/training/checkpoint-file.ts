import { canonicalJson } from '../../base/canonical-json.ts';
import { CHECKPOINT_KEY, type CheckpointState, checkpointState, SAMPLES_PREFIX } from '../../contract/checkpoint.ts';
import { LightbenchError } from '../../contract/errors.ts';
import { readSafetensors, type SafetensorsEntry, writeSafetensors } from '../../formats/safetensors/safetensors.ts';
import type { ArtifactStore, StoredArtifact } from '../../storage/artifacts/artifact-store.ts';

export interface Checkpoint {
  readonly state: CheckpointState;
  /** Parameters, buffers and optimiser moments by the names of the compiled step. */
  readonly tensors: ReadonlyMap<string, Float32Array>;
  /** What a generative model drew so far, by the names that `SAMPLES_PREFIX` begins. */
  readonly samples: ReadonlyMap<string, SafetensorsEntry>;
}

/** Stores a checkpoint under its digest: whole, or not at all. @throws LightbenchError storage.disk_full */
export function saveCheckpoint(
  store: ArtifactStore,
  state: CheckpointState,
  tensors: Iterable<readonly [string, SafetensorsEntry]>,
): StoredArtifact {
  return store.put(writeSafetensors(tensors, { [CHECKPOINT_KEY]: canonicalJson(state) }));
}

/** @throws LightbenchError workspace.damaged when the file is missing or is no checkpoint */
export function loadCheckpoint(store: ArtifactStore, digest: string): Checkpoint {
  const bytes = store.read(digest);
  try {
    const { tensors, metadata } = readSafetensors(bytes, store.path(digest));
    const values = new Map<string, Float32Array>();
    for (const [name, { data }] of tensors) if (data instanceof Float32Array) values.set(name, data);
    return {
      state: checkpointState.parse(JSON.parse(metadata[CHECKPOINT_KEY] ?? 'null')),
      tensors: values,
      samples: new Map([...tensors].filter(([name]) => name.startsWith(SAMPLES_PREFIX))),
    };
  } catch (error) {
    throw new LightbenchError('workspace.damaged', `The checkpoint ${digest} cannot be read.`, {
      details: { digest },
      cause: error,
    });
  }
}
