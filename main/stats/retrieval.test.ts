import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nearestNeighbours, retrievalScores } from './retrieval.ts';

interface Golden {
  readonly labels: readonly number[];
  readonly points: string;
  readonly recallAt1: number;
  readonly recallAt5: number;
  readonly meanAveragePrecisionAtR: number;
  readonly rPrecision: number;
  readonly knnAccuracy: number;
  readonly first: readonly number[];
}

const path = join(import.meta.dirname, '../../e2e/golden/graph/metric_learning.json');
const golden = (JSON.parse(readFileSync(path, 'utf8')) as { readonly retrieval: Golden }).retrieval;
const embeddings = new Float32Array(Uint8Array.from(Buffer.from(golden.points, 'base64')).buffer);
const dimensions = embeddings.length / golden.labels.length;
const items = { embeddings, dimensions, labels: golden.labels };

describe('retrieval', () => {
  it('scores what pytorch-metric-learning and scikit-learn score', () => {
    const found = retrievalScores(items, 7);
    // One class has a single item, which nobody can find.
    expect(found.queries).toBe(golden.labels.length - 1);
    expect(found.perClass[6]).toBeNull();
    for (const key of ['recallAt1', 'recallAt5', 'meanAveragePrecisionAtR', 'rPrecision', 'knnAccuracy'] as const)
      expect(found[key], key).toBeCloseTo(golden[key], 6);
    const mean = found.perClass.reduce((sum, own) => sum + (own === null ? 0 : own.recallAt1 * own.queries), 0);
    expect(mean / found.queries).toBeCloseTo(found.recallAt1, 12);
  });

  it('lists neighbours in order, without the query itself', () => {
    const near = nearestNeighbours(items, embeddings.subarray(0, dimensions), 5, 0);
    expect(near.map(({ row }) => row)).toEqual(golden.first);
    expect(nearestNeighbours(items, embeddings.subarray(0, dimensions), 1)[0].row).toBe(0);
    expect(nearestNeighbours(items, embeddings.subarray(0, dimensions), 500, 0)).toHaveLength(golden.labels.length - 1);
  });

  it('takes the earlier of equal rows, and as few queries as it is told', () => {
    const same = { embeddings: new Float32Array(8).fill(Math.SQRT1_2), dimensions: 2, labels: [0, 1, 1, 0] };
    expect(nearestNeighbours(same, same.embeddings.subarray(0, 2), 2, 1).map(({ row }) => row)).toEqual([0, 2]);
    expect(retrievalScores(items, 7, 10).queries).toBe(10);
  });
});
