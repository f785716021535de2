import type { ItemFilter } from '../../main/contract/datasets.ts';
import { itemFilter } from '../../main/contract/datasets.ts';

type Field = keyof ItemFilter;

/** How a field of the filter is written in the address. */
type Form = 'text' | 'list' | 'integers' | 'number' | 'flag';

const forms: Readonly<Record<Field, Form>> = {
  splits: 'list',
  labels: 'integers',
  labelSetId: 'text',
  flags: 'list',
  runId: 'text',
  predicted: 'integers',
  correct: 'flag',
  minimumConfidence: 'number',
  maximumConfidence: 'number',
  search: 'text',
  sort: 'text',
};

const fields = Object.keys(forms) as readonly Field[];

export const emptyFilter: ItemFilter = { sort: 'index' };

/** The filter as the query of an address: `runId=…&labels=3&predicted=5`. What is not set is left out. */
export function itemFilterToSearch(filter: Partial<ItemFilter>): string {
  const search = new URLSearchParams();
  writeItemFilter(search, filter);
  return search.toString();
}

/** Replaces the filter inside an address and keeps its other parameters. */
export function writeItemFilter(search: URLSearchParams, filter: Partial<ItemFilter>): void {
  for (const field of fields) {
    search.delete(field);
    const value = filter[field];
    if (value === undefined || value === '' || (field === 'sort' && value === emptyFilter.sort)) continue;
    if (Array.isArray(value) && value.length === 0) continue;
    search.set(field, Array.isArray(value) ? value.join(',') : String(value));
  }
}

/** Reads a filter from an address. A field that makes no sense is dropped, the others count. */
export function itemFilterFromSearch(search: URLSearchParams): ItemFilter {
  const filter: Record<string, unknown> = {};
  for (const field of fields) {
    const text = search.get(field);
    if (text === null || text === '') continue;
    const value = readForm[forms[field]](text);
    if (value !== undefined && itemFilter.shape[field].safeParse(value).success) filter[field] = value;
  }
  return itemFilter.parse(filter);
}

/** How many conditions are set, the order not counted. */
export function conditionCount(filter: ItemFilter): number {
  return fields.filter((field) => field !== 'sort' && field !== 'labelSetId' && filter[field] !== undefined).length;
}

const readForm: Readonly<Record<Form, (text: string) => unknown>> = {
  text: (text) => text,
  list: (text) => text.split(','),
  integers: (text) => text.split(',').map(Number),
  number: Number,
  flag: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
};
