import { describe, expect, it } from 'vitest';
import { matchesShortcut, shortcutKeys } from './shortcut.ts';

const press = (
  key: string,
  modifiers: Partial<Record<'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey', boolean>> = {},
) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...modifiers,
});

describe('shortcuts', () => {
  it('takes Ctrl and ⌘ for mod', () => {
    expect(matchesShortcut(press('k', { ctrlKey: true }), 'mod+k')).toBe(true);
    expect(matchesShortcut(press('k', { metaKey: true }), 'mod+k')).toBe(true);
    expect(matchesShortcut(press('k'), 'mod+k')).toBe(false);
  });

  it('tells undo from redo', () => {
    const redo = press('Z', { ctrlKey: true, shiftKey: true });
    expect(matchesShortcut(redo, 'mod+z')).toBe(false);
    expect(matchesShortcut(redo, 'mod+shift+z')).toBe(true);
  });

  it('finds signs wherever the keyboard has them', () => {
    expect(matchesShortcut(press('?', { shiftKey: true }), '?')).toBe(true);
    expect(matchesShortcut(press('?'), '?')).toBe(true);
    expect(matchesShortcut(press('+', { shiftKey: true }), 'plus')).toBe(true);
  });

  it('keeps a plain letter apart from the same letter with Ctrl', () => {
    expect(matchesShortcut(press('a', { ctrlKey: true }), 'a')).toBe(false);
  });

  it('names arrows and space', () => {
    expect(matchesShortcut(press('ArrowLeft'), 'left')).toBe(true);
    expect(matchesShortcut(press(' '), 'space')).toBe(true);
    expect(shortcutKeys('mod+left').at(-1)).toBe('←');
  });
});
