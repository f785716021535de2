/**
 * Metadata of a dataset as YAML, for people and for other tools:
 *
 *     name: digits
 *     version: 1
 *     source: file:///data/mnist
 *     rows: 70000
 *     schema:
 *       - name: image
 *         type: image
 *       - name: label
 *         type: category
 *
 * Keys that are not known are refused with their line rather than ignored, so that a typing error cannot lose anything.
 */
import { isMap, isScalar, isSeq, LineCounter, type Node, type ParsedNode, parseDocument, stringify } from 'yaml';
import { nearest } from '../../base/nearest.ts';
import { FormatError, type FormatReason } from '../format-error.ts';

const FORMAT = 'dataset-yaml';

export interface DatasetMetadataColumn {
  readonly name: string;
  readonly type: string;
  readonly nullable?: boolean;
  readonly categories?: readonly string[];
}

export interface DatasetMetadata {
  readonly name: string;
  readonly version: number;
  readonly source: string;
  readonly rows: number;
  readonly schema: readonly DatasetMetadataColumn[];
  readonly digest?: string;
  readonly created?: string;
  readonly license?: string;
  readonly description?: string;
  readonly target?: string;
  readonly classes?: readonly string[];
  readonly splits?: Readonly<Record<string, number>>;
}

type Check = (value: unknown) => string | undefined;
const text: Check = (value) => (typeof value === 'string' ? undefined : 'must be text');
const count: Check = (value) =>
  Number.isInteger(value) && (value as number) >= 0 ? undefined : 'must be a whole number from 0 on';
const positive: Check = (value) =>
  Number.isInteger(value) && (value as number) >= 1 ? undefined : 'must be a whole number from 1 on';
const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false');
const texts: Check = (value) =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string') ? undefined : 'must be a list of text';
const counts: Check = (value) =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((entry) => count(entry) === undefined)
    ? undefined
    : 'must give a whole number per split';
const columns: Check = (value) =>
  Array.isArray(value) ? undefined : 'must be a list of columns, each with name and type';

const FIELDS: Readonly<Record<keyof DatasetMetadata, { readonly required: boolean; readonly check: Check }>> = {
  name: { required: true, check: text },
  version: { required: true, check: positive },
  source: { required: true, check: text },
  rows: { required: true, check: count },
  schema: { required: true, check: columns },
  digest: { required: false, check: text },
  created: { required: false, check: text },
  license: { required: false, check: text },
  description: { required: false, check: text },
  target: { required: false, check: text },
  classes: { required: false, check: texts },
  splits: { required: false, check: counts },
};
const COLUMN_FIELDS: Readonly<
  Record<keyof DatasetMetadataColumn, { readonly required: boolean; readonly check: Check }>
> = {
  name: { required: true, check: text },
  type: { required: true, check: text },
  nullable: { required: false, check: flag },
  categories: { required: false, check: texts },
};

export function writeDatasetYaml(metadata: DatasetMetadata): string {
  const ordered = Object.fromEntries(
    Object.keys(FIELDS).flatMap((key) =>
      metadata[key as keyof DatasetMetadata] === undefined ? [] : [[key, metadata[key as keyof DatasetMetadata]]],
    ),
  );
  return stringify(ordered, { lineWidth: 120 });
}

/** @throws FormatError 'syntax' or 'bad_value' with the line. */
export function readDatasetYaml(source: string, path = 'dataset.yaml'): DatasetMetadata {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, uniqueKeys: true });
  const fail = (reason: FormatReason, what: string, offset: number, suggestion: string) =>
    new FormatError(FORMAT, reason, what, { path, line: lines.linePos(offset).line }, suggestion);
  const problem = document.errors[0];
  if (problem !== undefined)
    throw fail(
      'syntax',
      problem.message.split('\n')[0].replace(/ at line \d+.*$/, '.'),
      problem.pos[0],
      'Correct the YAML.',
    );

  const checkMap = (
    node: ParsedNode | Node | null,
    fields: Readonly<Record<string, { required: boolean; check: Check }>>,
    what: string,
  ) => {
    const at = node?.range?.[0] ?? 0;
    if (!isMap(node))
      throw fail(
        'bad_value',
        `${what} must be a list of “key: value”.`,
        at,
        `Begin with "${Object.keys(fields)[0]}:".`,
      );
    for (const pair of node.items) {
      const key = isScalar(pair.key) ? String(pair.key.value) : '';
      const keyAt = (pair.key as Node | null)?.range?.[0] ?? at;
      if (!Object.hasOwn(fields, key)) {
        const guess = nearest(key, Object.keys(fields));
        throw fail(
          'bad_value',
          `${what} has no key "${key}".`,
          keyAt,
          guess === undefined ? `Use ${Object.keys(fields).join(', ')}.` : `Did you mean "${guess}"?`,
        );
      }
      const value = (pair.value as Node | null)?.toJS(document) ?? null;
      const wrong = fields[key].check(value);
      if (wrong !== undefined)
        throw fail(
          'bad_value',
          `"${key}" ${wrong}; it is ${JSON.stringify(value)}.`,
          (pair.value as Node | null)?.range?.[0] ?? keyAt,
          'Correct the value.',
        );
    }
    const missing = Object.keys(fields).find((key) => fields[key].required && !node.has(key));
    if (missing !== undefined)
      throw fail('bad_value', `${what} needs the key "${missing}".`, at, `Add "${missing}: …".`);
  };

  checkMap(document.contents, FIELDS, 'A dataset');
  const schema = document.get('schema');
  if (isSeq(schema)) for (const column of schema.items) checkMap(column as Node, COLUMN_FIELDS, 'A column');
  return document.toJS() as DatasetMetadata;
}
