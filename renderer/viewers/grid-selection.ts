/** Selected item indices. Positions are places in what is shown, indices are items of the dataset. */
export type Selection = ReadonlySet<number>;

export const nothingSelected: Selection = new Set();

export type SelectionGesture = 'replace' | 'toggle' | 'extend';

/** The gesture of a click or key with its modifiers, as in file managers. */
export function gestureOf(event: {
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
}): SelectionGesture {
  if (event.shiftKey) return 'extend';
  return event.ctrlKey || event.metaKey ? 'toggle' : 'replace';
}

/**
 * @param indices what is shown, in order
 * @param anchor position from which `extend` reaches
 */
export function select(
  selection: Selection,
  indices: readonly number[],
  anchor: number,
  position: number,
  gesture: SelectionGesture,
): Selection {
  const index = indices[position];
  if (index === undefined) return selection;
  if (gesture === 'replace') return new Set([index]);
  const next = new Set(selection);
  if (gesture === 'toggle') {
    if (!next.delete(index)) next.add(index);
    return next;
  }
  const [low, high] = anchor <= position ? [anchor, position] : [position, anchor];
  for (const shown of indices.slice(low, high + 1)) next.add(shown);
  return next;
}
