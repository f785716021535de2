import { finish } from '../support/serve-model.ts';
import { expect, test } from '../support/studio.ts';

/**
 * The promise of the grid: 60,000 images and more scroll smoothly. What keeps it is one canvas that stays, whatever is in view;
 * how long it takes is measured by `npm run bench -- scrolling`.
 */
test('70,000 images scroll through one canvas, down to the last', async ({ studio: { page, visit, call } }) => {
  const { jobIds } = await call('samples.import', { ids: ['digits'] });
  for (const id of jobIds) await finish(call, id);
  const [digits] = await call('datasets.list', {});
  await visit(`/data/${digits?.versions[0]?.digest}`);
  await expect(page.getByText('70,000 of 70,000')).toBeVisible();
  const grid = page.locator('[data-image-grid]');
  const canvas = grid.locator('canvas');
  /** How many greys the lower half of what is in view has: one where nothing is drawn. */
  const greys = () =>
    canvas.evaluate((element: HTMLCanvasElement) => {
      const { width, height } = element;
      const { data } = element.getContext('2d')!.getImageData(0, height / 2, width, height / 2 - 40);
      return new Set(data.filter((_, place) => place % 4 === 0)).size;
    });
  await expect.poll(greys).toBeGreaterThan(50);

  const made = await grid.evaluate(async (scroller) => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    let elements = 0;
    const observer = new MutationObserver((records) => {
      for (const { addedNodes } of records) elements += addedNodes.length;
    });
    observer.observe(scroller, { childList: true, subtree: true });
    const bottom = scroller.scrollHeight - scroller.clientHeight;
    for (let step = 0; step <= 500; step += 1) {
      scroller.scrollTop = (bottom * step) / 500;
      await frame();
    }
    observer.disconnect();
    return elements;
  });
  expect(made).toBe(0);
  await expect(canvas).toHaveCount(1);
  await expect.poll(greys).toBeGreaterThan(50);
  await expect(page.getByText('Some images could not be drawn.')).toHaveCount(0);
  await grid.focus();
  await grid.press('End');
  await expect(grid.getByRole('option')).toHaveAttribute('aria-posinset', '70000');
});
