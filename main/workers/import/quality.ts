import type { QualityReport } from '../../contract/datasets.ts';
import { flagNames, type ItemColumns, splitNames } from '../../formats/dataset-pack/dataset-index.ts';
import { classBalance } from '../../stats/class-balance.ts';
import { leakageBetweenSplits } from '../../stats/leakage.ts';
import { robustOutliers } from '../../stats/robust-outliers.ts';
import type { Duplicates } from './duplicates.ts';

export type Quality = Omit<QualityReport, 'datasetDigest' | 'createdAt'>;
type Finding = QualityReport['findings'][number];
type Flag = (typeof flagNames)[number];

const EXAMPLE_GROUPS = 100;
const EXAMPLE_ITEMS = 20;
const LISTED_OUTLIERS = 10_000;
/** From this ratio of the largest to the smallest class on, a model may learn to ignore the smallest. */
const IMBALANCE_RATIO = 5;

/** Sets the flag of items. */
export function flagItems(flags: Uint8Array, flag: Flag, items: Iterable<number>): void {
  const bit = 1 << flagNames.indexOf(flag);
  for (const item of items) flags[item] |= bit;
}

/** Pictures that differ from most, ascending. */
export interface UnusualImages {
  readonly size: readonly number[];
  readonly brightness: readonly number[];
}

export function unusualImages(columns: ItemColumns): UnusualImages {
  const sameSize = columns.widths.every(
    (width, item) => width === columns.widths[0] && columns.heights[item] === columns.heights[0],
  );
  return { size: sameSize ? [] : unusualSizes(columns), brightness: robustOutliers(columns.brightness) };
}

/** Looks at pictures and sets their flags. */
export function imageQuality(
  columns: ItemColumns,
  { exact, near, distance }: Duplicates,
  { size: sizeOutliers, brightness: brightnessOutliers }: UnusualImages,
  classes: readonly string[],
  unreadable: Quality['unreadable'],
): Quality {
  const { flags } = columns;
  flagItems(flags, 'exact_duplicate', exact.flat());
  flagItems(flags, 'near_duplicate', near.flat());
  flagItems(flags, 'size_outlier', sizeOutliers);
  flagItems(flags, 'brightness_outlier', brightnessOutliers);
  const shared = commonQuality(columns, classes, exact, near);
  const findings = [...shared.findings];
  if (unreadable.length > 0)
    findings.unshift(
      finding(
        'warning',
        `${plural(unreadable.length, 'file')} could not be read`,
        'They are listed below and are not part of the dataset.',
        null,
      ),
    );
  if (near.length > 0)
    findings.push(
      finding(
        'info',
        `${plural(near.flat().length, 'image')} look like another one`,
        `${plural(near.length, 'group')} of near duplicates, by a 64-bit perceptual hash within distance ${distance} whose grey cells correlate.`,
        'near_duplicate',
      ),
    );
  if (sizeOutliers.length > 0)
    findings.push(
      finding(
        'info',
        `${plural(sizeOutliers.length, 'image')} of unusual size`,
        'Area or aspect ratio lies more than 3.5 robust deviations from the median.',
        'size_outlier',
      ),
    );
  if (brightnessOutliers.length > 0)
    findings.push(
      finding(
        'info',
        `${plural(brightnessOutliers.length, 'image')} unusually bright or dark`,
        'Mean brightness lies more than 3.5 robust deviations from the median.',
        'brightness_outlier',
      ),
    );
  return {
    ...shared,
    unreadable,
    nearDuplicates: { groups: near.length, items: near.flat().length, distance, examples: examples(near) },
    sizeOutliers: sizeOutliers.slice(0, LISTED_OUTLIERS),
    brightnessOutliers: brightnessOutliers.slice(0, LISTED_OUTLIERS),
    missing: [],
    findings: inOrder(findings),
  };
}

/** Unusual area or aspect ratio, on a logarithmic scale: twice as large is as far as half as large. */
function unusualSizes({ widths, heights }: ItemColumns): number[] {
  if (widths.every((width) => width === widths[0]) && heights.every((height) => height === heights[0])) return [];
  const areas = new Float64Array(widths.length);
  const aspects = new Float64Array(widths.length);
  for (let item = 0; item < widths.length; item++) {
    areas[item] = Math.log(widths[item] * heights[item]);
    aspects[item] = Math.log(widths[item] / heights[item]);
  }
  return [...new Set([...robustOutliers(areas), ...robustOutliers(aspects)])].sort((a, b) => a - b);
}

/** Looks at the rows of a table and sets their flags. */
export function tableQuality(
  columns: Pick<ItemColumns, 'labels' | 'splits' | 'flags'>,
  classes: readonly string[],
  duplicates: readonly (readonly number[])[],
  missing: Quality['missing'],
  rowsWithMissing: readonly number[],
  warnings: readonly string[],
): Quality {
  flagItems(columns.flags, 'exact_duplicate', duplicates.flat());
  flagItems(columns.flags, 'missing_value', rowsWithMissing);
  const shared = commonQuality(columns, classes, duplicates, []);
  const findings = [
    ...warnings.map((warning) => finding('warning', 'A column of numbers holds other values', warning, null)),
    ...shared.findings,
  ];
  if (missing.length > 0)
    findings.push(
      finding(
        'info',
        `${plural(rowsWithMissing.length, 'row')} with missing values`,
        `In ${missing.map(({ column, count }) => `${column} (${count})`).join(', ')}.`,
        'missing_value',
      ),
    );
  return {
    ...shared,
    unreadable: [],
    nearDuplicates: { groups: 0, items: 0, distance: 0, examples: [] },
    sizeOutliers: [],
    brightnessOutliers: [],
    missing: [...missing],
    findings: inOrder(findings),
  };
}

function commonQuality(
  { labels, splits, flags }: Pick<ItemColumns, 'labels' | 'splits' | 'flags'>,
  classes: readonly string[],
  exact: readonly (readonly number[])[],
  near: readonly (readonly number[])[],
): Pick<Quality, 'exactDuplicates' | 'leakage' | 'imbalance' | 'findings'> {
  const findings: Finding[] = [];
  const leakedExactly = leakageBetweenSplits(exact, splits, splitNames.length, EXAMPLE_ITEMS);
  const leakedNearly = leakageBetweenSplits(near, splits, splitNames.length, EXAMPLE_ITEMS);
  const pairs = new Set([...leakedExactly, ...leakedNearly].map(({ a, b }) => a * splitNames.length + b));
  const leakage = [...pairs].sort().map((pair) => {
    const [a, b] = [Math.floor(pair / splitNames.length), pair % splitNames.length];
    const own = (list: typeof leakedExactly) => list.find((entry) => entry.a === a && entry.b === b);
    return {
      a: splitNames[a],
      b: splitNames[b],
      exact: own(leakedExactly)?.count ?? 0,
      near: own(leakedNearly)?.count ?? 0,
      examples: [...(own(leakedExactly)?.examples ?? []), ...(own(leakedNearly)?.examples ?? [])]
        .slice(0, EXAMPLE_ITEMS)
        .map(([x, y]): [number, number] => [x, y]),
    };
  });
  for (const group of [...exact, ...near])
    if (group.some((item) => splits[item] !== splits[group[0]])) flagItems(flags, 'leakage', group);
  for (const { a, b, exact: copies, near: similar } of leakage)
    findings.push(
      finding(
        copies > 0 ? 'serious' : 'warning',
        `${b} shares items with ${a}`,
        `${plural(copies, 'item')} of ${b} ${copies === 1 ? 'is an exact copy' : 'are exact copies'} and ${similar} ${similar === 1 ? 'looks' : 'look'} like one in ${a}: scores on ${b} may be too good.`,
        'leakage',
      ),
    );
  if (exact.length > 0)
    findings.push(
      finding(
        'warning',
        `${plural(exact.flat().length, 'item')} are exact duplicates`,
        `${plural(exact.length, 'group')} of equal content.`,
        'exact_duplicate',
      ),
    );

  const counts = new Array<number>(classes.length).fill(0);
  const unlabeled: number[] = [];
  for (let item = 0; item < labels.length; item++) {
    if (labels[item] >= 0) counts[labels[item]]++;
    else unlabeled.push(item);
  }
  const balance = classBalance(counts);
  if (classes.length > 0 && unlabeled.length > 0) {
    flagItems(flags, 'unlabeled', unlabeled);
    findings.push(
      finding(
        'info',
        `${plural(unlabeled.length, 'item')} without a label`,
        'They are not used for training until they are labeled.',
        'unlabeled',
      ),
    );
  }
  if (balance && (balance.ratio === null || balance.ratio >= IMBALANCE_RATIO))
    findings.push(
      finding(
        'warning',
        'The classes are uneven',
        `${classes[balance.largest]} has ${counts[balance.largest]} items, ${classes[balance.smallest]} has ${counts[balance.smallest]}.`,
        null,
      ),
    );
  return {
    exactDuplicates: { groups: exact.length, items: exact.flat().length, examples: examples(exact) },
    leakage,
    imbalance:
      balance === undefined
        ? null
        : {
            largest: classes[balance.largest],
            smallest: classes[balance.smallest],
            ratio: balance.ratio,
            entropy: balance.entropy,
          },
    findings,
  };
}

function examples(groups: readonly (readonly number[])[]): number[][] {
  return groups.slice(0, EXAMPLE_GROUPS).map((group) => group.slice(0, EXAMPLE_ITEMS));
}

function finding(severity: Finding['severity'], title: string, detail: string, flag: Finding['flag']): Finding {
  return { severity, title, detail, flag };
}

function inOrder(findings: Finding[]): Finding[] {
  const rank = { serious: 0, warning: 1, info: 2 };
  return findings.sort((a, b) => rank[a.severity] - rank[b.severity]);
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
