import { create } from 'zustand';

const storageKey = 'lightbench.density';

export const densities = ['compact', 'comfortable'] as const;
export type Density = (typeof densities)[number];

/** Heights in px of a table row, for what is laid out by arithmetic rather than by CSS. */
export const rowHeightPx: Readonly<Record<Density, number>> = { compact: 32, comfortable: 40 };

/** How closely rows stand, kept on this machine. */
export const useDensity = create<{ readonly density: Density }>(() => ({ density: readDensity() }));

export function setDensity(density: Density): void {
  window.localStorage.setItem(storageKey, density);
  document.documentElement.dataset.density = density;
  useDensity.setState({ density });
}

/** Applies what was chosen before; called once before the first paint. */
export function applyDensity(): void {
  document.documentElement.dataset.density = useDensity.getState().density;
}

function readDensity(): Density {
  return window.localStorage.getItem(storageKey) === 'comfortable' ? 'comfortable' : 'compact';
}
