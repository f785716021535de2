import { describe, expect, it } from 'vitest';
import { fitToView, zoomAt } from './view-transform.ts';

describe('zoom and pan', () => {
  it('fits and centres', () => {
    const transform = fitToView({ width: 100, height: 50 }, { width: 400, height: 400 });
    expect(transform.scale).toBeCloseTo(3.68);
    expect(transform.x * 2 + 100 * transform.scale).toBeCloseTo(400);
    expect(transform.y * 2 + 50 * transform.scale).toBeCloseTo(400);
  });

  it('keeps the point under the pointer', () => {
    const before = { scale: 2, x: 10, y: -30 };
    const after = zoomAt(before, 1.7, 123, 45);
    expect((123 - after.x) / after.scale).toBeCloseTo((123 - before.x) / before.scale);
    expect((45 - after.y) / after.scale).toBeCloseTo((45 - before.y) / before.scale);
  });

  it('stops at its limits without moving', () => {
    const limit = zoomAt({ scale: 64, x: 5, y: 5 }, 4, 100, 100);
    expect(limit).toEqual({ scale: 64, x: 5, y: 5 });
  });
});
