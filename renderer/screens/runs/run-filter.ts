/** What a column filter holds: part of a text, a comparison as written, or chosen values. */
export type ColumnFilterValue = string | readonly string[];

type NumberTest = (value: number) => boolean;

const comparisons: Readonly<Record<string, (bound: number) => NumberTest>> = {
  '>': (bound) => (value) => value > bound,
  '>=': (bound) => (value) => value >= bound,
  '<': (bound) => (value) => value < bound,
  '<=': (bound) => (value) => value <= bound,
  '=': (bound) => (value) => value === bound,
  '': (bound) => (value) => value === bound,
};

/** `> 0.9`, `<=1e-3`, `0.1..0.5` (also `0.1 – 0.5`), `64`. Null when the text is none of these. */
export function parseNumberFilter(text: string): NumberTest | null {
  const written = text.trim().replaceAll('≥', '>=').replaceAll('≤', '<=').replace(/%$/, '');
  const range = /^(-?[\d.]+(?:e[-+]?\d+)?)\s*(?:\.\.|…|–|to)\s*(-?[\d.]+(?:e[-+]?\d+)?)$/i.exec(
    written.replace('...', '..'),
  );
  if (range !== null) {
    const [low, high] = [Number(range[1]), Number(range[2])];
    return Number.isNaN(low) || Number.isNaN(high) ? null : (value) => value >= low && value <= high;
  }
  const single = /^(>=|<=|>|<|=)?\s*(-?[\d.]+(?:e[-+]?\d+)?)$/i.exec(written);
  if (single === null) return null;
  const bound = Number(single[2]);
  const make = comparisons[single[1] ?? ''];
  return make === undefined || Number.isNaN(bound) ? null : make(bound);
}

export function matchesFilter(value: string | number | undefined, filter: ColumnFilterValue): boolean {
  if (Array.isArray(filter)) return filter.length === 0 || filter.includes(String(value ?? ''));
  const text = String(filter).trim();
  if (text === '') return true;
  if (typeof value === 'number') return parseNumberFilter(text)?.(value) ?? true;
  if (value === undefined) return false;
  return value.toLowerCase().includes(text.toLowerCase());
}

/** What a search looks through, made once per run. */
export function searchText(texts: readonly string[]): string {
  return texts.join('\n').toLowerCase();
}

/** Every word must occur somewhere. */
export function matchesSearch(haystack: string, search: string): boolean {
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => haystack.includes(word));
}

export function filterText(filter: ColumnFilterValue): string {
  return Array.isArray(filter) ? filter.map((entry) => (entry === '' ? 'none' : entry)).join(', ') : String(filter);
}
