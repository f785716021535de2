const named: Readonly<Record<string, string>> = {
  left: 'arrowleft',
  right: 'arrowright',
  up: 'arrowup',
  down: 'arrowdown',
  space: ' ',
  plus: '+',
};

const symbols: Readonly<Record<string, string>> = {
  left: '←',
  right: '→',
  up: '↑',
  down: '↓',
  space: 'Space',
  enter: 'Enter',
  escape: 'Esc',
  delete: 'Del',
  plus: '+',
};

type KeyPress = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>;

export function isMac(): boolean {
  return typeof navigator !== 'undefined' && /mac/i.test(navigator.platform);
}

/** Whether a key press is the shortcut. `mod` matches Ctrl and ⌘ alike. */
export function matchesShortcut(event: KeyPress, shortcut: string): boolean {
  const parts = shortcut.toLowerCase().split('+');
  const key = parts.at(-1) ?? '';
  const wanted = named[key] ?? key;
  const mod = parts.includes('mod');
  const shift = parts.includes('shift');
  const alt = parts.includes('alt');
  if ((event.ctrlKey || event.metaKey) !== mod || event.altKey !== alt) return false;
  // A sign such as ? needs Shift on some keyboards and not on others: there the sign itself decides.
  const sign = wanted.length === 1 && !/[a-z0-9 ]/.test(wanted);
  if (!sign && event.shiftKey !== shift) return false;
  return event.key.toLowerCase() === wanted;
}

/** The keys as people read them: `['Ctrl', 'K']`. */
export function shortcutKeys(shortcut: string): readonly string[] {
  return shortcut.split('+').map((part) => {
    if (part === 'mod') return isMac() ? '⌘' : 'Ctrl';
    if (part === 'shift') return isMac() ? '⇧' : 'Shift';
    if (part === 'alt') return isMac() ? '⌥' : 'Alt';
    return symbols[part] ?? part.toUpperCase();
  });
}

/** Whether the press is somebody writing. */
export function typesText(event: Event): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)
    return true;
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'range', 'button'].includes(target.type);
}
