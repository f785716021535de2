import type { ImportOptions, SplitSummary } from '../../contract/datasets.ts';
import { splitNames } from '../../formats/dataset-pack/dataset-index.ts';
import type { SplitName } from '../../formats/split-name.ts';
import { groupedSplit } from '../../stats/grouped-split.ts';
import { stratifiedSplit } from '../../stats/stratified-split.ts';

/**
 * The split of every item, as an index into `splitNames`. `stratified` draws all of them; `ordered` cuts the rows as they
 * stand; `given` keeps what the source says (items without a split are train) and draws the splits that the source lacks from
 * train.
 *
 * @param groups of each item, what it shares with those that are drawn together with it
 */
export function assignSplits(
  labels: Int32Array,
  given: (item: number) => SplitName | undefined,
  options: ImportOptions['splits'],
  groups?: readonly (string | null)[],
): Uint8Array {
  const { mode, validation, test, seed } = options;
  if (mode === 'ordered') return orderedSplit(labels.length, validation, test);
  const draw = (items: readonly number[], shares: readonly number[]) =>
    groups === undefined
      ? stratifiedSplit(
          items.map((item) => labels[item]),
          shares,
          seed,
        )
      : groupedSplit(
          items.map((item) => groups[item]),
          shares,
          seed,
        );
  if (mode === 'stratified') return draw([...labels.keys()], [1 - validation - test, validation, test]);
  const splits = Uint8Array.from(labels, (_, item) => splitNames.indexOf(given(item) ?? 'train'));
  const drawnValidation = splits.includes(1) ? 0 : validation;
  const drawnTest = splits.includes(2) ? 0 : test;
  if (drawnValidation + drawnTest === 0) return splits;
  const train = [...splits.keys()].filter((item) => splits[item] === 0);
  const parts = draw(train, [1 - drawnValidation - drawnTest, drawnValidation, drawnTest]);
  for (const [i, item] of train.entries()) splits[item] = parts[i];
  return splits;
}

/** The first rows are train, the last ones test. */
function orderedSplit(count: number, validation: number, test: number): Uint8Array {
  const testCount = Math.round(count * test);
  const trainCount = count - testCount - Math.round(count * validation);
  return Uint8Array.from({ length: count }, (_, row) => (row < trainCount ? 0 : row < count - testCount ? 1 : 2));
}

/** Splits that hold items, with their class counts. */
export function summarizeSplits(labels: Int32Array, splits: Uint8Array, classCount: number): SplitSummary[] {
  const summaries = splitNames.map((split) => ({
    split,
    count: 0,
    classCounts: new Array<number>(classCount).fill(0),
  }));
  for (let item = 0; item < labels.length; item++) {
    const summary = summaries[splits[item]];
    summary.count++;
    if (labels[item] >= 0) summary.classCounts[labels[item]]++;
  }
  return summaries.filter((summary) => summary.count > 0);
}
