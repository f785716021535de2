import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { LightbenchError } from '../../contract/errors.ts';
import { readColumns, writeColumns } from '../../formats/dataset-pack/columns-file.ts';
import type { ManifestArtifact, SliceInfo } from '../../formats/dataset-pack/dataset-index.ts';
import { FormatError } from '../../formats/format-error.ts';
import type { PerceptualHashes } from '../../stats/perceptual-hash.ts';
import type { ArtifactStore } from '../../storage/artifacts/artifact-store.ts';

/** What became of the items of one pack. */
export interface PackPart {
  readonly pack: ManifestArtifact;
  readonly thumbnails: ManifestArtifact | null;
  /** Source items that were read, ascending; the columns below have one entry for each. */
  readonly items: Uint32Array;
  readonly digests: Uint8Array;
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  readonly encodings: Uint8Array;
  readonly widths: Uint32Array;
  readonly heights: Uint32Array;
  readonly channels: Uint8Array;
  readonly thumbnailOffsets: Uint32Array;
  readonly thumbnailLengths: Uint32Array;
  readonly hashes: PerceptualHashes;
  readonly slices: readonly SliceInfo[];
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
}

interface NoteMeta {
  readonly fingerprint: string;
  readonly pack: ManifestArtifact;
  readonly thumbnails: ManifestArtifact | null;
  readonly slices: readonly SliceInfo[];
  readonly unreadable: PackPart['unreadable'];
}

/** Notes a part whose pack is stored, for an import that takes up this one. */
export function writeNote(path: string, fingerprint: string, part: PackPart): void {
  const { pack, thumbnails, slices, unreadable, hashes, ...columns } = part;
  const meta: NoteMeta = { fingerprint, pack, thumbnails, slices, unreadable };
  try {
    writeFileSync(`${path}.new`, writeColumns(meta, { ...columns, ...hashes }));
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw LightbenchError.from(error);
  }
}

/** A note counts when the same part of the source made it and its packs are still there. */
export function readNote(path: string, fingerprint: string, store: ArtifactStore): PackPart | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const { meta, columns } = readColumns(readFileSync(path), path);
    const { pack, thumbnails, slices, unreadable, fingerprint: noted } = meta as NoteMeta;
    if (
      noted !== fingerprint ||
      !store.has(pack.digest, pack.sizeBytes) ||
      (thumbnails !== null && !store.has(thumbnails.digest, thumbnails.sizeBytes))
    )
      return undefined;
    const { words, cells, brightness, ...rest } = columns;
    return {
      ...(rest as unknown as PackPart),
      pack,
      thumbnails,
      slices,
      unreadable,
      hashes: { words, cells, brightness } as PerceptualHashes,
    };
  } catch (error) {
    // A note that a crash of the machine left half-written: the pack is read again.
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}
