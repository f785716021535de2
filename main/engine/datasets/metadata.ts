import type { DatasetVersion } from '../../contract/datasets.ts';
import { LightbenchError } from '../../contract/errors.ts';
import { sourceError } from '../../contract/source-errors.ts';
import { type DatasetMetadata, readDatasetYaml, writeDatasetYaml } from '../../formats/dataset-yaml/dataset-yaml.ts';

const LONGEST_NAME = 120;

/** The metadata of a version in the form that the YAML has. */
export function toYaml(version: DatasetVersion): string {
  return writeDatasetYaml(metadataOf(version));
}

/** The version with name, licence and description of the YAML. @throws LightbenchError request.invalid when the YAML claims other content. */
export function describedBy(version: DatasetVersion, yaml: string): DatasetVersion {
  let given: DatasetMetadata;
  try {
    given = readDatasetYaml(yaml);
  } catch (error) {
    const { message, suggestion } = sourceError(error);
    throw new LightbenchError('request.invalid', message, { suggestion, cause: error });
  }
  const current = metadataOf(version);
  const fixed = ['version', 'source', 'rows', 'schema', 'digest', 'created', 'target', 'classes', 'splits'] as const;
  const changed = fixed.filter(
    (key) => given[key] !== undefined && JSON.stringify(given[key]) !== JSON.stringify(current[key]),
  );
  if (changed.length > 0)
    throw new LightbenchError(
      'request.invalid',
      `${changed.join(', ')} of ${version.name} cannot be changed: ${changed.length === 1 ? 'it belongs' : 'they belong'} to what was imported.`,
      {
        suggestion: 'Change name, license and description only. Import the data again to make another version.',
      },
    );
  const name = given.name.trim();
  if (name === '' || name.length > LONGEST_NAME)
    throw new LightbenchError('request.invalid', `The name must have 1 to ${LONGEST_NAME} characters.`);
  return { ...version, name, licence: given.license ?? '', description: given.description ?? '' };
}

function metadataOf(version: DatasetVersion): DatasetMetadata {
  return {
    name: version.name,
    version: version.version,
    source: version.source.uri,
    rows: version.rows,
    schema: version.schema.map(({ name, type, nullable, categories }) => ({
      name,
      type,
      ...(nullable ? { nullable } : {}),
      ...(categories === undefined ? {} : { categories }),
    })),
    digest: version.digest,
    created: version.createdAt,
    ...(version.licence === '' ? {} : { license: version.licence }),
    ...(version.description === '' ? {} : { description: version.description }),
    ...(version.target === null ? {} : { target: version.target }),
    ...(version.classes.length === 0 ? {} : { classes: version.classes }),
    splits: Object.fromEntries(version.splits.map(({ split, count }) => [split, count])),
  };
}
