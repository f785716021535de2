import { useEffect, useRef } from 'react';
import type { NavigateFunction } from 'react-router';
import { runShortcut } from '../components/screen-actions.ts';
import { matchesShortcut, typesText } from '../components/shortcut.ts';
import { areas, home } from './areas.ts';

const chordMs = 1200;

interface Keyboard {
  readonly navigate: NavigateFunction;
  readonly openHelp: () => void;
}

/** Keys that work everywhere: `?`, `g` followed by the letter of an area, and the actions of the screen on view. */
export function useKeyboard(keyboard: Keyboard): void {
  const newest = useRef(keyboard);
  newest.current = keyboard;
  useEffect(() => {
    let chordUntil = 0;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || document.querySelector('[role="dialog"][aria-modal="true"]') !== null) return;
      const plain = !typesText(event) && !event.ctrlKey && !event.metaKey && !event.altKey;
      if (plain && event.timeStamp < chordUntil) {
        chordUntil = 0;
        const area = [home, ...areas].find((candidate) => candidate.key === event.key.toLowerCase());
        if (area !== undefined) {
          event.preventDefault();
          void newest.current.navigate(area.path);
          return;
        }
      }
      if (runShortcut(event)) return;
      if (!plain) return;
      if (matchesShortcut(event, '?')) {
        event.preventDefault();
        newest.current.openHelp();
      } else if (event.key === 'g') chordUntil = event.timeStamp + chordMs;
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, []);
}
