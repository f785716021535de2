import { mainThreadTasks } from '../support/main-thread.ts';
import { expect, test } from '../support/studio.ts';

const longestTaskMs = 50;

/** The promise of the grid: 60,000 images and more scroll without a long task. */
test('70,000 images scroll without a task over 50 ms', async ({ studio: { page, visit, call } }) => {
  const { jobIds } = await call('samples.import', { ids: ['digits'] });
  for (const id of jobIds) expect((await call('jobs.wait', { id })).state).toBe('FINISHED');
  const [digits] = await call('datasets.list', {});
  await visit(`/data/${digits?.versions[0]?.digest}`);
  await expect(page.getByText('70,000 of 70,000')).toBeVisible();
  await page.waitForLoadState('networkidle');

  const tasks = await mainThreadTasks(page, async () => {
    await page.locator('[data-image-grid]').evaluate(async (grid) => {
      const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
      const bottom = grid.scrollHeight - grid.clientHeight;
      const pixelsPerMs = 24;
      const start = await frame();
      for (let now = start; grid.scrollTop < bottom - 1; now = await frame())
        grid.scrollTop = (now - start) * pixelsPerMs;
      // Then as by dragging the scroll bar: to and fro, with a moment to look.
      for (let jump = 0; jump < 40; jump += 1) {
        grid.scrollTop = ((jump * 0.618) % 1) * bottom;
        const arrived = await frame();
        while ((await frame()) - arrived < 120);
      }
    });
  });
  expect(tasks.length).toBeGreaterThan(1000);
  const longest = Math.max(...tasks.map((task) => task.cpuMs));
  const delayed = tasks.filter((task) => task.durationMs > longestTaskMs).length;
  console.log(
    `${tasks.length} tasks, the longest ${longest.toFixed(1)} ms on the processor, ${delayed} over 50 ms by the clock`,
  );
  expect(longest).toBeLessThan(longestTaskMs);
});
