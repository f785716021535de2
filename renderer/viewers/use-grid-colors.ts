import { useComputedColorScheme } from '@mantine/core';
import { useMemo } from 'react';
import type { GridColors } from './image-grid-drawing.ts';

/** The tokens that a canvas needs as values, read again when the colour scheme changes. */
export function useGridColors(): GridColors {
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the scheme decides what the style says
  return useMemo(() => {
    const style = getComputedStyle(document.documentElement);
    const token = (name: string) => style.getPropertyValue(name).trim();
    return {
      ground: token('--lb-canvas'),
      empty: token('--lb-hover'),
      accent: token('--lb-selection'),
      warn: token('--lb-flag'),
      font: getComputedStyle(document.body).fontFamily,
    };
  }, [scheme]);
}
