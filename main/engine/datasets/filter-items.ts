import type { ItemFilter } from '../../contract/datasets.ts';
import { type DatasetIndex, flagNames, splitNames } from '../../formats/dataset-pack/dataset-index.ts';

/** What a model said of every item; -1 and NaN where it said nothing. */
export interface ItemPredictions {
  readonly predicted: ArrayLike<number>;
  readonly confidence: ArrayLike<number>;
}

export interface FilterSurroundings {
  readonly index: DatasetIndex;
  /** Of the label set of the request, else the imported ones. */
  readonly labels: ArrayLike<number>;
  readonly predictions: ItemPredictions | undefined;
  /** Items whose values hold the searched text; undefined when values are not searched. */
  readonly found: ReadonlySet<number> | undefined;
}

/** Items that fulfil every condition, in the order asked for. */
export function filterItems(filter: ItemFilter, surroundings: FilterSurroundings): number[] {
  const { columns } = surroundings.index;
  const tests = conditions(filter, surroundings);
  const items: number[] = [];
  for (let item = 0; item < columns.labels.length; item++) {
    let kept = true;
    for (let t = 0; kept && t < tests.length; t++) kept = tests[t](item);
    if (kept) items.push(item);
  }
  return order(items, filter.sort, surroundings);
}

type Condition = (item: number) => boolean;

function conditions(filter: ItemFilter, { index, labels, predictions, found }: FilterSurroundings): Condition[] {
  const { columns, names } = index;
  const tests: Condition[] = [];
  if (filter.splits !== undefined) {
    const wanted = new Set(filter.splits.map((split) => splitNames.indexOf(split)));
    tests.push((item) => wanted.has(columns.splits[item]));
  }
  if (filter.labels !== undefined) {
    const wanted = new Set(filter.labels);
    tests.push((item) => wanted.has(labels[item]));
  }
  if (filter.flags !== undefined && filter.flags.length > 0) {
    const bits = filter.flags.reduce((sum, flag) => sum | (1 << flagNames.indexOf(flag)), 0);
    tests.push((item) => (columns.flags[item] & bits) !== 0);
  }
  if (filter.search !== undefined && filter.search.trim() !== '') {
    const text = filter.search.trim().toLowerCase();
    const number = /^\d+$/.test(text) ? Number(text) : -1;
    tests.push(
      (item) => item === number || found?.has(item) === true || (names[item]?.toLowerCase().includes(text) ?? false),
    );
  }
  if (predictions === undefined) return tests;
  const { predicted, confidence } = predictions;
  if (filter.predicted !== undefined) {
    const wanted = new Set(filter.predicted);
    tests.push((item) => wanted.has(predicted[item]));
  }
  if (filter.correct !== undefined) {
    const { correct } = filter;
    tests.push((item) => predicted[item] >= 0 && labels[item] >= 0 && (predicted[item] === labels[item]) === correct);
  }
  if (filter.minimumConfidence !== undefined) {
    const bound = filter.minimumConfidence;
    tests.push((item) => confidence[item] >= bound);
  }
  if (filter.maximumConfidence !== undefined) {
    const bound = filter.maximumConfidence;
    tests.push((item) => confidence[item] <= bound);
  }
  return tests;
}

/** Ties keep the order of the items. Items without a confidence come last. */
function order(items: number[], sort: ItemFilter['sort'], { index, predictions }: FilterSurroundings): number[] {
  const { columns, names } = index;
  if (sort === 'brightness') return items.sort((a, b) => columns.brightness[a] - columns.brightness[b] || a - b);
  if (sort === 'name')
    return names.length === 0
      ? items
      : items.sort((a, b) => (names[a] < names[b] ? -1 : names[a] > names[b] ? 1 : a - b));
  if ((sort === 'confidence_ascending' || sort === 'confidence_descending') && predictions !== undefined) {
    const direction = sort === 'confidence_ascending' ? 1 : -1;
    const { confidence } = predictions;
    const known = items.filter((item) => !Number.isNaN(confidence[item]));
    const unknown = items.filter((item) => Number.isNaN(confidence[item]));
    return [...known.sort((a, b) => direction * (confidence[a] - confidence[b]) || a - b), ...unknown];
  }
  return items;
}
