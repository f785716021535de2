import type { Locator } from '@playwright/test';

/** Scrolls to the end at so many pixels a millisecond, then to and fro as by dragging the scroll bar, with a moment to look. */
export async function scrollThrough(scroller: Locator, pixelsPerMs: number): Promise<void> {
  await scroller.evaluate(async (element, speed) => {
    const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
    const bottom = element.scrollHeight - element.clientHeight;
    const start = await frame();
    for (let now = start; element.scrollTop < bottom - 1; now = await frame())
      element.scrollTop = (now - start) * speed;
    for (let jump = 0; jump < 40; jump += 1) {
      element.scrollTop = ((jump * 0.618) % 1) * bottom;
      const arrived = await frame();
      while ((await frame()) - arrived < 120);
    }
  }, pixelsPerMs);
}
