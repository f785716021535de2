import { describe, expect, it } from 'vitest';
import { gridGeometry, moved, positionAt, scrollToShow, tileAt, visibleRange } from './grid-geometry.ts';
import { SheetCache } from './sheet-cache.ts';
import { planSheets, spriteAt, wantedPages } from './sheet-plan.ts';

describe('grid geometry', () => {
  const grid = gridGeometry(60_000, 1000, 48, 4);

  it('fills the width with whole tiles', () => {
    expect(grid.columns).toBe(18);
    expect(grid.rows).toBe(3334);
    expect(grid.heightPx).toBe(3334 * 52 + 4);
    expect(grid.leftPx).toBeGreaterThanOrEqual(16);
    expect(1000 - grid.leftPx - 18 * 52 + 4).toBeGreaterThanOrEqual(16);
  });

  it('finds the tile under every tile centre and nothing in the gaps', () => {
    for (const position of [0, 1, 17, 18, 20_000, 59_999]) {
      const { x, y, size } = tileAt(grid, position);
      expect(positionAt(grid, x + size / 2, y + size / 2)).toBe(position);
      expect(positionAt(grid, x + size + 1, y)).toBeNull();
    }
    const last = tileAt(grid, 59_999);
    expect(positionAt(grid, last.x + 52, last.y)).toBeNull();
  });

  it('knows what is in view', () => {
    expect(visibleRange(grid, 0, 500)).toEqual({ first: 0, end: 180 });
    expect(visibleRange(grid, grid.heightPx - 500, 500).end).toBe(60_000);
    expect(visibleRange(gridGeometry(0, 1000, 48, 4), 0, 500)).toEqual({ first: 0, end: 0 });
  });

  it('scrolls no further than needed', () => {
    expect(scrollToShow(grid, 0, 300, 500)).toBe(0);
    expect(scrollToShow(grid, 18, 0, 500)).toBe(0);
    expect(scrollToShow(grid, 180, 0, 500)).toBe(tileAt(grid, 180).y + 52 - 500);
  });

  it('stays inside with every key', () => {
    expect(moved(grid, 3, 'up', 500)).toBe(3);
    expect(moved(grid, 0, 'left', 500)).toBe(0);
    expect(moved(grid, 59_990, 'down', 500)).toBe(59_999);
    expect(moved(grid, 40, 'page-up', 500)).toBe(0);
    expect(moved(grid, 7, 'last', 500)).toBe(59_999);
  });
});

describe('sheet plan', () => {
  it('takes small images as they are', () => {
    expect(planSheets(48, 1, 28)).toEqual({ sizePx: 28, pageLength: 256, columns: 16 });
  });

  it('takes the next larger side otherwise, and never more than a megapixel', () => {
    expect(planSheets(80, 1, 512).sizePx).toBe(96);
    const large = planSheets(160, 2, null);
    expect(large).toEqual({ sizePx: 256, pageLength: 16, columns: 4 });
    expect(large.pageLength * large.sizePx ** 2).toBeLessThanOrEqual(2 ** 20);
  });

  it('wants what is in view first, then its neighbours', () => {
    const plan = planSheets(48, 1, 28);
    expect(wantedPages(plan, 250, 300, 60_000)).toEqual([0, 1, 2]);
    expect(wantedPages(plan, 600, 700, 60_000)).toEqual([2, 3, 1]);
    expect(wantedPages(plan, 0, 100, 100)).toEqual([0]);
    expect(wantedPages(plan, 0, 0, 0)).toEqual([]);
  });

  it('finds sprites in row-major order', () => {
    const plan = planSheets(48, 1, 28);
    expect(spriteAt(plan, 17)).toEqual({ x: 28, y: 28 });
  });
});

describe('sheet cache', () => {
  interface Request {
    readonly page: number;
    readonly signal: AbortSignal;
    readonly arrive: () => void;
    readonly fail: () => void;
  }
  const setUp = (maximumPixels = 1000) => {
    const requests: Request[] = [];
    const closed: number[] = [];
    const cache = new SheetCache({
      maximumPixels,
      concurrency: 2,
      onChange: () => undefined,
      load: (page, signal) =>
        new Promise<{ width: number; height: number; close(): void }>((resolve, reject) => {
          const arrive = () => resolve({ width: 10, height: 10, close: () => void closed.push(page) });
          requests.push({ page, signal, arrive, fail: () => reject(new Error('no')) });
        }),
    });
    const settle = () => new Promise((resolve) => setTimeout(resolve, 0));
    return { cache, requests, closed, settle };
  };

  it('loads the most urgent first and only so many at a time', async () => {
    const { cache, requests, settle } = setUp();
    cache.want([5, 6, 7]);
    expect(requests.map((request) => request.page)).toEqual([5, 6]);
    requests[0]?.arrive();
    await settle();
    expect(cache.get(5)).toBeDefined();
    expect(requests.map((request) => request.page)).toEqual([5, 6, 7]);
  });

  it('ends requests that nobody waits for any more, and closes what comes late', async () => {
    const { cache, requests, closed, settle } = setUp();
    cache.want([1, 2]);
    cache.want([2, 3]);
    expect(requests[0]?.signal.aborted).toBe(true);
    expect(requests[1]?.signal.aborted).toBe(false);
    requests[0]?.arrive();
    await settle();
    expect(cache.get(1)).toBeUndefined();
    expect(closed).toEqual([1]);
  });

  it('throws away the least recently used, never what is wanted', async () => {
    const { cache, requests, closed, settle } = setUp(250);
    for (const page of [1, 2]) {
      cache.want([page]);
      requests.at(-1)?.arrive();
      await settle();
    }
    cache.get(1);
    cache.want([3]);
    requests.at(-1)?.arrive();
    await settle();
    expect(closed).toEqual([2]);
    expect(cache.get(1)).toBeDefined();
  });

  it('does not ask again for what failed until told to', async () => {
    const { cache, requests, settle } = setUp();
    cache.want([4]);
    requests[0]?.fail();
    await settle();
    cache.want([4]);
    expect(requests).toHaveLength(1);
    expect(cache.anyFailed).toBe(true);
    cache.retry();
    expect(requests).toHaveLength(2);
  });
});
