import type { JsonSchema, Path } from './json-schema.ts';
import { describeType, inline, isObjectSchema, keyOptions, schemasAt, valueOptions } from './json-schema.ts';
import { cursorAt, nodeAt } from './yaml-cursor.ts';

export interface Completion {
  readonly label: string;
  readonly kind: 'key' | 'value';
  /** Text with `$0` where the cursor goes. */
  readonly insertText: string;
  readonly detail: string;
  readonly documentation: string;
  /** Lower comes first. */
  readonly rank: number;
}

export interface CompletionList {
  readonly from: number;
  readonly to: number;
  readonly items: readonly Completion[];
}

/** A value that only the workspace knows: a dataset's name, a device. */
export interface KnownValue {
  readonly value: string;
  readonly detail: string;
}

/** Known values by dotted path: `data.dataset`. */
export type KnownValues = Readonly<Record<string, readonly KnownValue[]>>;

export interface HoverText {
  readonly from: number;
  readonly to: number;
  /** Markdown paragraphs. */
  readonly paragraphs: readonly string[];
}

export function complete(text: string, offset: number, schema: JsonSchema, known: KnownValues = {}): CompletionList {
  const cursor = cursorAt(text, offset);
  if (cursor === null) return { from: offset, to: offset, items: [] };
  const schemas = schemasAt(schema, cursor.path, cursor.value);
  const range = { from: cursor.from, to: cursor.to };
  const present = presentKeys(cursor.value, cursor.path);
  const keys = keyItems(schemas, present, { hasColon: cursor.hasColon, indent: indentAt(text, offset) });
  if (cursor.writes === 'key') return { ...range, items: keys };
  // `model:` with nothing after it yet: what stands on the next line may become its first key.
  const startsBlock =
    text
      .slice(text.lastIndexOf('\n', offset - 1) + 1, cursor.from)
      .trim()
      .replaceAll('-', '') === '';
  const values = valueItems(schemas, cursor.path, known);
  return { ...range, items: startsBlock ? [...keys, ...values] : values };
}

export function hover(text: string, offset: number, schema: JsonSchema): HoverText | null {
  const node = nodeAt(text, offset);
  if (node === null || node.path.length === 0) return null;
  const parents = schemasAt(schema, node.path.slice(0, -1), node.value);
  const key = node.path.at(-1) as string | number;
  const option = keyOptions(parents).find((entry) => entry.key === key);
  const own = option?.schema ?? schemasAt(schema, node.path, node.value)[0];
  if (own === undefined) return null;
  const chosen = schemasAt(schema, node.path, node.value);
  const paragraphs = [`**${node.path.join('.').replace(/\.(\d+)/g, '[$1]')}** — ${describeType(own)}`];
  if (own.description !== undefined) paragraphs.push(own.description);
  const branch = chosen.length === 1 ? chosen[0]?.description : undefined;
  if (branch !== undefined && branch !== own.description) paragraphs.push(branch);
  if (option?.required) paragraphs.push('Required.');
  return { from: node.from, to: node.to, paragraphs };
}

function keyItems(
  schemas: readonly JsonSchema[],
  present: ReadonlySet<string>,
  place: { readonly hasColon: boolean; readonly indent: string },
): readonly Completion[] {
  return keyOptions(schemas)
    .filter(({ key }) => !present.has(key))
    .map(({ key, schema, required }, position) => ({
      label: key,
      kind: 'key' as const,
      insertText: place.hasColon ? key : `${key}:${valueStub(schema, place.indent)}`,
      detail: describeType(schema),
      documentation: [schema.description ?? '', required ? 'Required.' : ''].filter((part) => part !== '').join('\n\n'),
      rank: (required ? 0 : 100) + position,
    }));
}

function valueItems(schemas: readonly JsonSchema[], path: Path, known: KnownValues): readonly Completion[] {
  const fromWorkspace = (known[path.join('.')] ?? []).map(({ value, detail }, position) => ({
    label: value,
    kind: 'value' as const,
    insertText: inline(value),
    detail,
    documentation: '',
    rank: position,
  }));
  const fromSchema = valueOptions(schemas)
    .filter(({ value }) => value !== '')
    .map(({ value, description, isDefault }, position) => ({
      label: inline(value),
      kind: 'value' as const,
      insertText: inline(value),
      detail: isDefault ? 'default' : '',
      documentation: description,
      rank: 1000 + position,
    }));
  const seen = new Set(fromWorkspace.map(({ label }) => label));
  return [...fromWorkspace, ...fromSchema.filter(({ label }) => !seen.has(label))];
}

/** What follows the colon: the default for the impatient, a fresh line for an object. */
function valueStub(schema: JsonSchema, indent: string): string {
  if (isObjectSchema(schema)) {
    const branches = schema.oneOf ?? schema.anyOf;
    const kind = branches?.[0]?.properties?.kind?.const;
    return `\n${indent}  ${kind === undefined ? '$0' : 'kind: $0'}`;
  }
  if (schema.type === 'array' && typeof schema.items === 'object' && isObjectSchema(schema.items))
    return `\n${indent}  - kind: $0`;
  if (schema.default !== undefined && schema.default !== '') return ` ${inline(schema.default)}$0`;
  return schema.type === 'array' ? ' [$0]' : ' $0';
}

function presentKeys(value: unknown, path: Path): ReadonlySet<string> {
  let current = value;
  for (const step of path)
    current =
      typeof current === 'object' && current !== null ? (current as Record<string | number, unknown>)[step] : undefined;
  return new Set(
    typeof current === 'object' && current !== null && !Array.isArray(current) ? Object.keys(current) : [],
  );
}

/** The indentation that a key on this line has; behind a dash it is that of the text after the dash. */
function indentAt(text: string, offset: number): string {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
  return (/^[\s-]*/.exec(line)?.[0] ?? '').replaceAll('-', ' ');
}
