import { useEffect, useRef } from 'react';
import { create } from 'zustand';
import { matchesShortcut, typesText } from './shortcut.ts';

/** Something the screen on view can do: in the command palette, and by its key. */
export interface ScreenAction {
  readonly id: string;
  readonly label: string;
  /** `mod+enter`, `shift+a`, `g`; without: palette only. `mod` is Ctrl, on a Mac ⌘. */
  readonly shortcut?: string;
  readonly disabled?: boolean;
  /** False: only a key and a line in the shortcut help, not in the palette (arrow keys and the like). Default true. */
  readonly inPalette?: boolean;
  readonly run: () => void;
}

interface Registered {
  readonly owner: symbol;
  readonly group: string;
  readonly actions: readonly ScreenAction[];
}

/** What the mounted components offer at the moment, in the order of mounting. */
export const useScreenActionStore = create<{ readonly groups: readonly Registered[] }>(() => ({ groups: [] }));

/**
 * Offers actions as long as the component is mounted. May be called with a new array on every render; the newest
 * closures are run.
 */
export function useScreenActions(group: string, actions: readonly ScreenAction[]): void {
  const newest = useRef(actions);
  newest.current = actions;
  const signature = actions
    .map((action) => `${action.id}|${action.label}|${action.shortcut}|${action.disabled}`)
    .join('\n');

  // biome-ignore lint/correctness/useExhaustiveDependencies: the signature stands for the actions
  useEffect(() => {
    const owner = Symbol(group);
    const stable = newest.current.map((action) => ({
      ...action,
      run: () => newest.current.find((candidate) => candidate.id === action.id)?.run(),
    }));
    const { groups } = useScreenActionStore.getState();
    useScreenActionStore.setState({ groups: [...groups, { owner, group, actions: stable }] });
    return () => {
      const now = useScreenActionStore.getState().groups;
      useScreenActionStore.setState({ groups: now.filter((entry) => entry.owner !== owner) });
    };
  }, [group, signature]);
}

/** Runs the action of a key press; the component mounted last wins. True when one ran. */
export function runShortcut(event: KeyboardEvent): boolean {
  const { groups } = useScreenActionStore.getState();
  for (const { actions } of [...groups].reverse())
    for (const action of actions) {
      if (action.shortcut === undefined || action.disabled) continue;
      if (!matchesShortcut(event, action.shortcut)) continue;
      if (typesText(event) && !action.shortcut.startsWith('mod+')) continue;
      event.preventDefault();
      action.run();
      return true;
    }
  return false;
}
