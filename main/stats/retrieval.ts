/** Rows of length 1, and the class of each. */
export interface EmbeddedItems {
  /** Row-major [items, dimensions]; the product of two rows is their cosine similarity. */
  readonly embeddings: Float32Array;
  readonly dimensions: number;
  readonly labels: ArrayLike<number>;
}

export interface Neighbour {
  readonly row: number;
  /** Cosine similarity, −1 to 1. */
  readonly similarity: number;
}

/**
 * How well the neighbours of items tell their class: each query looks for its class among all other items. Queries whose
 * class has no other item have nothing to find, and are left out.
 */
export interface RetrievalScores {
  readonly queries: number;
  /** Share of the queries with an item of their class among the nearest 1 and 5 (Jégou et al. 2011). */
  readonly recallAt1: number;
  readonly recallAt5: number;
  /** Of R nearest items, R being how many of its class there are: mean of the precision at each that is right (Musgrave et al. 2020). */
  readonly meanAveragePrecisionAtR: number;
  /** Share of the R nearest items that are right. */
  readonly rPrecision: number;
  /** Share of the queries whose class most of their nearest `KNN` items have; of equal counts, the lower class counts. */
  readonly knnAccuracy: number;
  /** The first two and the average precision for one class; null where it has no query. */
  readonly perClass: readonly (Pick<RetrievalScores, 'queries' | 'recallAt1' | 'meanAveragePrecisionAtR'> | null)[];
}

/** Neighbours that vote for a class. */
export const KNN = 5;

/**
 * The nearest rows, the nearest first; of equal ones, the earlier.
 *
 * @param query [dimensions], of length 1
 * @param skip a row that does not count: the query itself
 */
export function nearestNeighbours(
  { embeddings, dimensions }: Pick<EmbeddedItems, 'embeddings' | 'dimensions'>,
  query: Float32Array,
  count: number,
  skip = -1,
): Neighbour[] {
  const similarities = new Float32Array(embeddings.length / dimensions);
  compare(embeddings, dimensions, query, similarities);
  return largest(similarities, count, skip).map((row) => ({ row, similarity: similarities[row] }));
}

/**
 * @param classCount labels are below it
 * @param most queries at most, evenly over the items; all items are searched
 */
export function retrievalScores(
  { embeddings, dimensions, labels }: EmbeddedItems,
  classCount: number,
  most = Number.POSITIVE_INFINITY,
  onProgress: (done: number, total: number) => void = () => {},
): RetrievalScores {
  const items = labels.length;
  const sizes = new Uint32Array(classCount);
  for (let row = 0; row < items; row++) sizes[labels[row]]++;
  const sums = Array.from({ length: classCount }, () => ({
    queries: 0,
    first: 0,
    fifth: 0,
    precision: 0,
    right: 0,
    votes: 0,
  }));
  const similarities = new Float32Array(items);
  const queries = Math.min(items, most);
  for (let query = 0; query < queries; query++) {
    const row = Math.floor((query * items) / queries);
    const label = labels[row];
    const partners = sizes[label] - 1;
    if (partners < 1) continue;
    compare(embeddings, dimensions, embeddings.subarray(row * dimensions, (row + 1) * dimensions), similarities);
    const nearest = largest(similarities, Math.max(partners, KNN), row);
    const isRight = nearest.map((place) => labels[place] === label);
    const sum = sums[label];
    sum.queries++;
    if (isRight[0]) sum.first++;
    if (isRight.slice(0, 5).includes(true)) sum.fifth++;
    if (vote(nearest.slice(0, KNN), labels, classCount) === label) sum.votes++;
    let [hits, precision] = [0, 0];
    for (let rank = 0; rank < partners; rank++) if (isRight[rank]) precision += ++hits / (rank + 1);
    sum.precision += precision / partners;
    sum.right += hits / partners;
    if (query % 256 === 255) onProgress(query + 1, queries);
  }
  const total = (key: keyof (typeof sums)[number]) => sums.reduce((all, sum) => all + sum[key], 0);
  const counted = Math.max(1, total('queries'));
  return {
    queries: total('queries'),
    recallAt1: total('first') / counted,
    recallAt5: total('fifth') / counted,
    meanAveragePrecisionAtR: total('precision') / counted,
    rPrecision: total('right') / counted,
    knnAccuracy: total('votes') / counted,
    perClass: sums.map(({ queries: own, first, precision }) =>
      own === 0 ? null : { queries: own, recallAt1: first / own, meanAveragePrecisionAtR: precision / own },
    ),
  };
}

function compare(embeddings: Float32Array, dimensions: number, query: Float32Array, into: Float32Array): void {
  for (let row = 0, at = 0; row < into.length; row++) {
    let sum = 0;
    for (let k = 0; k < dimensions; k++) sum += embeddings[at++] * query[k];
    into[row] = sum;
  }
}

/** Rows of the largest values in order; sorts no more of them than are wanted, and those that equal the last. */
function largest(values: Float32Array, count: number, skip: number): number[] {
  const kept = Math.min(count, values.length - (skip < 0 ? 0 : 1));
  if (kept < 1) return [];
  const scratch = values.slice();
  if (skip >= 0) scratch[skip] = Number.NEGATIVE_INFINITY;
  const least = nthLargest(scratch, kept);
  const rows: number[] = [];
  for (let row = 0; row < values.length; row++) if (row !== skip && values[row] >= least) rows.push(row);
  return rows.sort((left, right) => values[right] - values[left] || left - right).slice(0, kept);
}

/** Hoare's selection, 1961; changes the order of the values. */
function nthLargest(values: Float32Array, n: number): number {
  const place = n - 1;
  for (let [low, high] = [0, values.length - 1]; low < high; ) {
    const pivot = values[(low + high) >> 1];
    let [left, right] = [low, high];
    while (left <= right) {
      while (values[left] > pivot) left++;
      while (values[right] < pivot) right--;
      if (left > right) break;
      [values[left], values[right]] = [values[right], values[left]];
      left++;
      right--;
    }
    if (place <= right) high = right;
    else if (place >= left) low = left;
    else return values[place];
  }
  return values[place];
}

function vote(rows: readonly number[], labels: ArrayLike<number>, classCount: number): number {
  const counts = new Uint32Array(classCount);
  for (const row of rows) counts[labels[row]]++;
  return counts.indexOf(Math.max(...counts));
}
