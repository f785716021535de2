/** A rectangle with a class in one of the pictures. */
export interface ScoredBox {
  readonly image: number;
  readonly label: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Of predicted boxes only. */
  readonly score?: number;
}

export interface DetectionScores {
  /** Mean over classes with boxes, and over overlaps from 0.5 to 0.95 by 0.05. */
  readonly averagePrecision: number;
  readonly averagePrecision50: number;
  readonly averagePrecision75: number;
  /** Over all overlaps; null for a class without boxes. */
  readonly perClass: readonly (number | null)[];
}

const OVERLAPS = Array.from({ length: 10 }, (_, i) => 0.5 + 0.05 * i);
const RECALLS = Array.from({ length: 101 }, (_, i) => i / 100);
const MOST_PER_IMAGE = 100;

/** Average precision as COCO counts it: 101 recalls, at most 100 boxes per picture, the best first. */
export function detectionScores(
  truth: readonly ScoredBox[],
  predicted: readonly ScoredBox[],
  classCount: number,
): DetectionScores {
  const tables = Array.from({ length: classCount }, (_, label) => {
    const wanted = truth.filter((box) => box.label === label);
    if (wanted.length === 0) return null;
    const found = strongest(predicted.filter((box) => box.label === label));
    return OVERLAPS.map((overlap) => precisionOf(wanted, found, overlap));
  });
  const known = tables.filter((table) => table !== null);
  const mean = (values: readonly number[]) =>
    values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    averagePrecision: mean(known.map(mean)),
    averagePrecision50: mean(known.map((table) => table[0])),
    averagePrecision75: mean(known.map((table) => table[5])),
    perClass: tables.map((table) => (table === null ? null : mean(table))),
  };
}

/** Intersection over union of two rectangles. */
export function overlapOf(a: ScoredBox, b: ScoredBox): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const both = width * height;
  return both / (a.width * a.height + b.width * b.height - both);
}

/** Of each predicted box, the most overlapping one of the truth that no better box has taken; −1 for none. */
export function matchBoxes(
  truth: readonly ScoredBox[],
  predicted: readonly ScoredBox[],
  overlap: number,
): readonly number[] {
  const taken = new Set<number>();
  return predicted.map((box) => {
    let [best, bestOverlap] = [-1, overlap];
    truth.forEach((candidate, place) => {
      if (taken.has(place) || candidate.image !== box.image || candidate.label !== box.label) return;
      const found = overlapOf(candidate, box);
      if (found >= bestOverlap) [best, bestOverlap] = [place, found];
    });
    if (best >= 0) taken.add(best);
    return best;
  });
}

function strongest(boxes: readonly ScoredBox[]): readonly ScoredBox[] {
  const counts = new Map<number, number>();
  return [...boxes]
    .sort((a, b) => (b.score ?? 0) - (a.score ?? 0))
    .filter(({ image }) => {
      const count = counts.get(image) ?? 0;
      counts.set(image, count + 1);
      return count < MOST_PER_IMAGE;
    });
}

function precisionOf(truth: readonly ScoredBox[], predicted: readonly ScoredBox[], overlap: number): number {
  const matches = matchBoxes(truth, predicted, overlap);
  const recalls: number[] = [];
  const precisions: number[] = [];
  let right = 0;
  matches.forEach((match, place) => {
    if (match >= 0) right++;
    recalls.push(right / truth.length);
    precisions.push(right / (place + 1));
  });
  for (let i = precisions.length - 2; i >= 0; i--) precisions[i] = Math.max(precisions[i], precisions[i + 1]);
  let sum = 0;
  for (const recall of RECALLS) {
    const place = recalls.findIndex((value) => value >= recall);
    if (place >= 0) sum += precisions[place];
  }
  return sum / RECALLS.length;
}
