import { canonicalJson } from '../../base/canonical-json.ts';
import type { ImportResult } from '../../contract/import-worker.ts';
import {
  type DatasetIndex,
  type DatasetManifest,
  type ManifestArtifact,
  writeIndex,
} from '../../formats/dataset-pack/dataset-index.ts';
import type { ArtifactStore } from '../../storage/artifacts/artifact-store.ts';

/** Writes index and manifest of a version that is new, once all packs are stored; of one that exists, nothing. */
export async function writeVersion(
  store: ArtifactStore,
  knownDigests: readonly string[],
  {
    index,
    packs,
    ...version
  }: Omit<DatasetManifest, 'layout' | 'index' | 'packs'> & {
    readonly index: DatasetIndex;
    readonly packs: Promise<readonly ManifestArtifact[]>;
  },
): Promise<Pick<ImportResult, 'manifest' | 'artifacts'>> {
  if (knownDigests.includes(version.digest)) {
    await packs;
    return { manifest: null, artifacts: [] };
  }
  const [storedPacks, storedIndex] = await Promise.all([packs, store.putInBackground(writeIndex(index))]);
  const rest = { ...version, packs: storedPacks };
  const content: DatasetManifest = { layout: 1, ...rest, index: storedIndex };
  const manifest = store.put(Buffer.from(canonicalJson(content)));
  const kind = 'part of a dataset';
  return {
    manifest,
    artifacts: [
      { ...manifest, kind, role: 'manifest' },
      { ...storedIndex, kind, role: 'index' },
      ...rest.packs.map((pack) => ({ ...pack, kind, role: 'pack' })),
      ...rest.thumbnails.map((pack) => ({ ...pack, kind, role: 'thumbnails' })),
      ...(rest.annotations === undefined ? [] : [{ ...rest.annotations, kind, role: 'annotations' }]),
      ...(rest.table === null ? [] : [{ ...rest.table, kind, role: 'table' }]),
    ],
  };
}
