import { canonicalJson } from '../../base/canonical-json.ts';
import type { ImportResult } from '../../contract/import-worker.ts';
import { type DatasetIndex, type DatasetManifest, writeIndex } from '../../formats/dataset-pack/dataset-index.ts';
import type { ArtifactStore } from '../../storage/artifacts/artifact-store.ts';

/** Writes index and manifest of a version that is new; of one that exists, nothing. */
export function writeVersion(
  store: ArtifactStore,
  knownDigests: readonly string[],
  { index, ...rest }: Omit<DatasetManifest, 'layout' | 'index'> & { readonly index: DatasetIndex },
): Pick<ImportResult, 'manifest' | 'artifacts'> {
  if (knownDigests.includes(rest.digest)) return { manifest: null, artifacts: [] };
  const storedIndex = store.put(writeIndex(index));
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
      ...(rest.table === null ? [] : [{ ...rest.table, kind, role: 'table' }]),
    ],
  };
}
