import type { Document, Node } from 'yaml';
import { isPair, isScalar, isSeq, parseDocument, visit } from 'yaml';
import type { Path } from './json-schema.ts';

/** Where the cursor is in a document that is being written. */
export interface YamlCursor {
  /** The object or list around the cursor when a key is being written; the place of the value otherwise. */
  readonly path: Path;
  readonly writes: 'key' | 'value';
  /** The word around the cursor, which a completion replaces. */
  readonly from: number;
  readonly to: number;
  /** True when a colon already follows the word. */
  readonly hasColon: boolean;
  /** The document as data, without the word around the cursor. */
  readonly value: unknown;
}

export interface YamlNodeAt {
  readonly path: Path;
  readonly from: number;
  readonly to: number;
  readonly value: unknown;
}

// Letters only, so that it joins the word at the cursor into one plain scalar; long enough that nobody writes it.
const marker = 'ZZcursorZZ';

/**
 * A half-written document is not valid YAML, so the cursor is found by writing a marker at it and looking where the
 * tolerant parser puts the marker.
 */
export function cursorAt(text: string, offset: number): YamlCursor | null {
  const from = offset - (/[\w@./-]*$/.exec(text.slice(lineStart(text, offset), offset))?.[0].length ?? 0);
  const to = offset + (/^[\w@./-]*/.exec(text.slice(offset))?.[0].length ?? 0);
  const before = text.slice(lineStart(text, offset), from);
  if (/(^|\s)#/.test(before)) return null;
  const after = /^[^\n]*/.exec(text.slice(to))?.[0] ?? '';
  const hasColon = /^\s*:/.test(after);
  // A lone word on its line would be read as the beginning of the next line's key.
  const lone = /^\s*(- *)*$/.test(before) && after.trim() === '';
  const marked = `${text.slice(0, from)}${marker}${lone ? ':' : ''}${text.slice(to)}`;
  const document = parse(marked);
  const found = findMarker(document);
  if (found === null) return null;
  return { ...found, from, to, hasColon, value: withoutMarker(document.toJS()) };
}

/** The key or value under an offset. */
export function nodeAt(text: string, offset: number): YamlNodeAt | null {
  const document = parse(text);
  let found: YamlNodeAt | null = null;
  visit(document, {
    Scalar(key, node, ancestors) {
      const range = node.range;
      if (range === null || range === undefined || offset < range[0] || offset > range[1]) return undefined;
      const path = pathOf(ancestors as readonly Node[], key);
      found = {
        path: key === 'key' ? [...path, String(node.value)] : path,
        from: range[0],
        to: range[1],
        value: document.toJS(),
      };
      return visit.BREAK;
    },
  });
  return found;
}

/** Replaces one value and leaves the rest of the text, comments included, as it is. Adds the keys that are missing. */
export function withValue(text: string, path: Path, value: unknown): string {
  const document = parseDocument(text, { logLevel: 'silent' });
  if (document.errors.length > 0) return text;
  document.setIn(path, value);
  return document.toString({ lineWidth: 0 });
}

/** The value at a path, or undefined where the text is not that far. */
export function valueAt(text: string, path: Path): unknown {
  return parse(text).getIn(path);
}

function parse(text: string): Document {
  return parseDocument(text, { strict: false, logLevel: 'silent' });
}

function findMarker(document: Document): Pick<YamlCursor, 'path' | 'writes'> | null {
  let found: Pick<YamlCursor, 'path' | 'writes'> | null = null;
  visit(document, {
    Scalar(key, node, ancestors) {
      if (!String(node.value).includes(marker)) return undefined;
      found = { path: pathOf(ancestors as readonly Node[], key), writes: key === 'key' ? 'key' : 'value' };
      return visit.BREAK;
    },
  });
  return found;
}

/** Keys and indices from the document down to a node; a key's own name is not part of it. */
function pathOf(ancestors: readonly Node[], key: unknown): Path {
  const path: (string | number)[] = [];
  ancestors.forEach((node, depth) => {
    const next = ancestors[depth + 1];
    if (isPair(node)) {
      const isOwnKey = depth === ancestors.length - 1 && key === 'key';
      if (!isOwnKey && isScalar(node.key)) path.push(String(node.key.value));
    } else if (isSeq(node)) {
      const index = next === undefined ? key : node.items.indexOf(next);
      if (typeof index === 'number') path.push(index);
    }
  });
  return path;
}

function withoutMarker(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMarker);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, entry]) => !key.includes(marker) && !(typeof entry === 'string' && entry.includes(marker)))
      .map(([key, entry]) => [key, withoutMarker(entry)]),
  );
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}
