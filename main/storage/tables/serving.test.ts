import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import type { PredictionRecord } from '../../contract/serving.ts';
import { Workspace } from '../workspace.ts';

let folder: string;
let workspace: Workspace;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'serving-'));
  workspace = Workspace.open({ folder, clock: systemClock, application: 'test' });
});
afterEach(() => {
  workspace.close();
  rmSync(folder, { recursive: true, force: true });
});

const records = (endpoint: string, count: number): PredictionRecord[] =>
  Array.from({ length: count }, (_, number) => ({
    id: `${endpoint} ${number}`,
    time: '2026-01-01T00:00:00.000Z',
    endpoint,
    modelName: 'm',
    version: 1,
    bundleDigest: '0'.repeat(64),
    batchSize: 1,
    durationMs: 1,
    status: number % 10 === 0 ? 400 : 200,
    predicted: [],
    confidence: [],
    error: null,
  }));

it('forgets the oldest predictions of one endpoint, and still counts them', () => {
  const { serving } = workspace;
  serving.appendPredictions(records('live', 50));
  serving.appendPredictions(records('other', 30));
  const totals = { requests: 50, failures: 5 };
  expect(serving.predictionTotals('live')).toEqual(totals);
  serving.forgetPredictions('live', 50);
  expect(serving.predictions('live', 100)).toHaveLength(50);
  for (const kept of [20, 20, 5]) {
    serving.forgetPredictions('live', kept);
    const left = serving.predictions('live', 100);
    expect(left.map(({ id }) => id)).toEqual(Array.from({ length: kept }, (_, place) => `live ${49 - place}`));
    expect(serving.predictionTotals('live')).toEqual(totals);
  }
  expect(serving.predictions('other', 100)).toHaveLength(30);
  expect(serving.predictionTotals('nobody')).toEqual({ requests: 0, failures: 0 });
});

it('keeps what was chosen for the log', () => {
  expect(workspace.settings.predictionLogLimit).toBe(100_000);
  workspace.settings.predictionLogLimit = 5000;
  workspace.settings.predictionLogLimit = 7000;
  expect(workspace.settings.predictionLogLimit).toBe(7000);
});
