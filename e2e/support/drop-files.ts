import type { Page } from '@playwright/test';

/** Drops files or folders of this machine in the middle of the window, as the system does when somebody lets go of them. */
export async function dropFiles(page: Page, files: readonly string[]): Promise<void> {
  const { x, y } = await page.evaluate(() => ({ x: window.innerWidth / 2, y: window.innerHeight / 2 }));
  const session = await page.context().newCDPSession(page);
  const copy = 1;
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', {
      type,
      x,
      y,
      data: { items: [], files: [...files], dragOperationsMask: copy },
    });
  await session.detach();
}
