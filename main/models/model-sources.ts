import { GraphError } from '../graph/index.ts';

/** What a model choice names by digest: this room reads no files. */
export interface ModelSources {
  /** The bytes of an artifact of the workspace. */
  artifact(digest: string): Uint8Array;
}

/** For choices that name nothing. */
export const NO_SOURCES: ModelSources = {
  artifact: (digest) => {
    throw new GraphError('invalid-argument', `Nothing was given for the artifact ${digest}.`);
  },
};
