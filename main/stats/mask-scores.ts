import type { ConfusionMatrix } from './confusion-matrix.ts';

export interface ClassOverlap {
  /** Pixels in both, by pixels in either; null where the class occurs in neither. */
  readonly intersectionOverUnion: number | null;
  readonly dice: number | null;
  /** Of the truth. */
  readonly pixels: number;
}

export interface MaskScores {
  readonly perClass: readonly ClassOverlap[];
  /** Means over the classes that occur. */
  readonly meanIntersectionOverUnion: number;
  readonly meanDice: number;
  readonly pixelAccuracy: number;
}

/** How well masks overlap, from the counts of pixels by true and predicted class. */
export function maskScores({ classCount, counts }: ConfusionMatrix): MaskScores {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const perClass = Array.from({ length: classCount }, (_, label): ClassOverlap => {
    const both = counts[label * classCount + label];
    let [actual, predicted] = [0, 0];
    for (let other = 0; other < classCount; other++) {
      actual += counts[label * classCount + other];
      predicted += counts[other * classCount + label];
    }
    const present = actual + predicted > 0;
    return {
      intersectionOverUnion: present ? both / (actual + predicted - both) : null,
      dice: present ? (2 * both) / (actual + predicted) : null,
      pixels: actual,
    };
  });
  const mean = (values: readonly (number | null)[]) => {
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? 0 : sum(known) / known.length;
  };
  const right = sum(perClass.map((_, label) => counts[label * classCount + label]));
  return {
    perClass,
    meanIntersectionOverUnion: mean(perClass.map(({ intersectionOverUnion }) => intersectionOverUnion)),
    meanDice: mean(perClass.map(({ dice }) => dice)),
    pixelAccuracy: right / Math.max(1, sum(perClass.map(({ pixels }) => pixels))),
  };
}
