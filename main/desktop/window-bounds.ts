import type { Rectangle } from './preferences.ts';

export const smallestWindow = { width: 1100, height: 700 } as const;
const usualWindow = { width: 1440, height: 900 } as const;
/** So much of the title bar has to be on a screen for the window to be dragged. */
const grip = { width: 120, height: 40 } as const;

/** Where the window opens: where it was, if a screen still shows it there; otherwise its usual size, centred by the system. */
export function windowBounds(
  remembered: Rectangle | null,
  screens: readonly Rectangle[],
): Partial<Rectangle> & { readonly width: number; readonly height: number } {
  if (remembered !== null && screens.some((screen) => reachable(remembered, screen)))
    return {
      ...remembered,
      width: Math.max(remembered.width, smallestWindow.width),
      height: Math.max(remembered.height, smallestWindow.height),
    };
  const [first] = screens;
  return {
    width: Math.max(smallestWindow.width, Math.min(usualWindow.width, first?.width ?? usualWindow.width)),
    height: Math.max(smallestWindow.height, Math.min(usualWindow.height, first?.height ?? usualWindow.height)),
  };
}

function reachable(window: Rectangle, screen: Rectangle): boolean {
  const visibleWidth = Math.min(window.x + window.width, screen.x + screen.width) - Math.max(window.x, screen.x);
  const titleInside = window.y >= screen.y && window.y + grip.height <= screen.y + screen.height;
  return visibleWidth >= grip.width && titleInside;
}
