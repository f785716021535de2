import type { DatasetVersion } from '../../../main/contract/datasets.ts';

/** How a config names a version: readable, and exact. */
export function referenceOf(version: Pick<DatasetVersion, 'name' | 'version'>): string {
  return `${version.name}@${version.version}`;
}

/** The version that `data.dataset` of a config means: a digest, name@version, or a name for its newest version. */
export function findVersion(versions: readonly DatasetVersion[], reference: unknown): DatasetVersion | undefined {
  if (typeof reference !== 'string' || reference === '') return undefined;
  const exact = versions.find((version) => version.digest === reference || referenceOf(version) === reference);
  if (exact !== undefined) return exact;
  return versions
    .filter((version) => version.name === reference)
    .reduce<DatasetVersion | undefined>(
      (newest, version) => (newest === undefined || version.version > newest.version ? version : newest),
      undefined,
    );
}
