import type { Split } from '../../contract/datasets.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { RunConfig } from '../../contract/run-config.ts';
import { groupedSplit } from '../../stats/grouped-split.ts';
import { stratifiedSplit } from '../../stats/stratified-split.ts';

/** Of the validation split, what judges a layer that is stacked on trained models instead of teaching it. */
const STACKING_VALIDATION = 0.3;

/** Which items a run learns from, is validated on and is tested on. */
export type ItemSets = Readonly<Record<Split, Int32Array>>;

/**
 * Items without a label are left out. A dataset without a validation split gives up a fraction of train, each class in
 * proportion; the same seed draws the same items.
 *
 * @param labels class per item, −1 = unlabeled; null for regression
 * @param usable false where an item cannot be used: its target is missing
 * @param groups of each item, what it shares with those that stay together with it where items are drawn
 */
export function splitItems(
  splits: readonly Split[],
  labels: Int32Array | null,
  usable: (index: number) => boolean,
  config: Pick<RunConfig, 'seed' | 'data' | 'model'>,
  groups?: readonly (string | null)[],
): ItemSets {
  const kept: Record<Split, number[]> = { train: [], validation: [], test: [] };
  splits.forEach((split, index) => {
    if ((labels === null || labels[index] >= 0) && usable(index)) kept[split].push(index);
  });
  const fraction = config.data.validationFraction;
  const divide = (items: readonly number[], share: number) => {
    const strata = items.map((index) => (labels === null ? 0 : labels[index]));
    const parts =
      groups === undefined
        ? stratifiedSplit(strata, [1 - share, share], config.seed)
        : groupedSplit(
            items.map((index) => groups[index]),
            [1 - share, share],
            config.seed,
          );
    return [0, 1].map((part) => items.filter((_, place) => parts[place] === part));
  };
  if (kept.validation.length === 0 && fraction > 0 && kept.train.length > 1)
    [kept.train, kept.validation] = divide(kept.train, fraction);
  // Members of an ensemble know their train split by heart: what is stacked on them learns from what they have not seen.
  if (config.model.kind === 'ensemble' && config.model.combine === 'stacking')
    [kept.train, kept.validation] = divide(kept.validation, STACKING_VALIDATION);
  return {
    train: Int32Array.from(kept.train),
    validation: Int32Array.from(kept.validation),
    test: Int32Array.from(kept.test),
  };
}

/** @throws LightbenchError source.empty when there is nothing to learn from */
export function learnable(sets: ItemSets): ItemSets {
  if (sets.train.length > 0) return sets;
  throw new LightbenchError('source.empty', 'The train split has no item with a label to learn from.', {
    suggestion: 'Label some items of the train split, or choose another label set.',
  });
}
