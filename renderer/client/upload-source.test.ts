import { describe, expect, it } from 'vitest';
import { reconnectDelayMs } from './reconnect-delay.ts';
import { isStale } from './topics.ts';
import { sourceOf } from './upload-source.ts';

const files = (...paths: string[]) => paths.map((relativePath) => ({ relativePath }));

describe('the source of an upload', () => {
  it('is the file when there is one', () => {
    expect(sourceOf('/w/uploads/u1/', files('iris.csv'))).toBe('/w/uploads/u1/iris.csv');
  });
  it('is the folder when everything lies in one', () => {
    expect(sourceOf('/w/uploads/u1/', files('digits/0/a.png', 'digits/1/b.png'))).toBe('/w/uploads/u1/digits');
  });
  it('is the upload when files lie beside each other', () => {
    expect(sourceOf('/w/uploads/u1/', files('images.idx', 'labels.idx'))).toBe('/w/uploads/u1');
    expect(sourceOf('/w/uploads/u1/', files('0/a.png', '1/b.png'))).toBe('/w/uploads/u1');
  });
});

describe('reconnecting', () => {
  it('waits longer each time, up to eight seconds', () => {
    expect([0, 1, 2, 5, 50].map(reconnectDelayMs)).toEqual([250, 500, 1000, 8000, 8000]);
  });
});

describe('topics', () => {
  it('make the answers stale that show them, and no others', () => {
    expect(isStale('datasets.items', new Set(['labels']))).toBe(true);
    expect(isStale('datasets.quality', new Set(['labels']))).toBe(false);
    expect(isStale('ledger.verify', new Set(['ledger']))).toBe(false);
  });
});
