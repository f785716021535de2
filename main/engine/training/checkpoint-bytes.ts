import { CHECKPOINT_KEY, type CheckpointState, checkpointState } from '../../contract/checkpoint.ts';
import { LightbenchError } from '../../contract/errors.ts';
import { readSafetensors } from '../../formats/safetensors/safetensors.ts';
import type { ModelSources } from '../../models/index.ts';

export interface CheckpointContent {
  readonly state: CheckpointState;
  readonly values: ReadonlyMap<string, Float32Array>;
}

/** @throws LightbenchError workspace.damaged when the bytes are no checkpoint */
export function parseCheckpoint(bytes: Uint8Array, digest: string): CheckpointContent {
  try {
    const { tensors, metadata } = readSafetensors(bytes, digest);
    return {
      state: checkpointState.parse(JSON.parse(metadata[CHECKPOINT_KEY] ?? 'null')),
      values: new Map(
        [...tensors].flatMap(([name, { data }]) => (data instanceof Float32Array ? [[name, data] as const] : [])),
      ),
    };
  } catch (cause) {
    throw new LightbenchError('workspace.damaged', `The checkpoint ${digest} cannot be read.`, {
      details: { digest },
      cause,
    });
  }
}

/** What models name by digest, out of the bytes that somebody finds. */
export function sourcesFrom(artifact: ModelSources['artifact']): ModelSources {
  return {
    artifact,
    checkpoint: (digest) => {
      const { state, values } = parseCheckpoint(artifact(digest), digest);
      return { ...state, values };
    },
  };
}
