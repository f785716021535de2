import { makeManyRuns } from '../support/many-runs.ts';
import { expect, test } from '../support/studio.ts';

const runCount = 10_000;

/**
 * The promise of the runs table: ten thousand runs stay smooth. What keeps it is that rows pass through a few lines that stay
 * where they are; how long it takes is measured by `npm run bench -- scrolling`.
 */
test('10,000 runs pass through the same few lines, and are sorted and searched', async ({
  studio: { page, visit, call, workspace },
}) => {
  await makeManyRuns(call, workspace, runCount);
  await page.reload();
  await visit('/runs');
  await expect(page.getByText('10,000', { exact: true })).toBeVisible();
  const table = page.getByRole('grid', { name: 'Runs' });
  await expect(table.getByText('run 00001')).toBeVisible();
  await page.waitForLoadState('networkidle');

  const { seen, mostLines, fit, made } = await table.evaluate(async (grid) => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const lines = () => [...grid.querySelectorAll<HTMLElement>('[data-row]')];
    const rowHeight = lines()[0]?.offsetHeight ?? 1;
    const names = new Set<string>();
    let most = 0;
    let elements = 0;
    const observer = new MutationObserver((records) => {
      for (const { addedNodes } of records)
        for (const node of addedNodes) if (node instanceof HTMLElement && 'row' in node.dataset) elements += 1;
    });
    observer.observe(grid, { childList: true, subtree: true });
    for (let top = 0; top < grid.scrollHeight; top += Math.floor(grid.clientHeight / 2)) {
      grid.scrollTop = top;
      await frame();
      await frame();
      for (const line of lines()) {
        const name = /run \d{5}/.exec(line.textContent ?? '')?.[0];
        if (name !== undefined) names.add(name);
      }
      most = Math.max(most, lines().length);
    }
    observer.disconnect();
    return { seen: names.size, mostLines: most, fit: Math.ceil(grid.clientHeight / rowHeight), made: elements };
  });
  expect(seen).toBe(runCount);
  expect(mostLines).toBeLessThan(fit + 20);
  // Now and then one more line is in view; a line made for each run would be ten thousand.
  expect(made).toBeLessThan(runCount / 10);

  const search = page.getByRole('textbox', { name: 'Search runs' });
  await search.pressSequentially('run 09999');
  await expect(page.getByText('1 of 10,000')).toBeVisible();
  await search.fill('');
  await expect(page.getByText('10,000', { exact: true })).toBeVisible();
  await table.getByRole('button', { name: /^Column Name:/ }).click();
  await page.getByRole('button', { name: 'Sort descending' }).click();
  await expect(table.getByText('run 10000')).toBeVisible();
});
