import { create } from 'zustand';

const storageKey = 'lightbench.train.draft';

export interface Draft {
  readonly yaml: string;
  /** The text as it came from a template or a run; a draft that differs from it holds somebody's work. */
  readonly origin: string;
}

/** The config being written, kept on this machine: leaving the screen costs nothing. */
export const useDraft = create<Draft>(() => read());

export function setDraft(draft: Draft): void {
  useDraft.setState(draft);
  window.localStorage.setItem(storageKey, JSON.stringify(draft));
}

export function editDraft(yaml: string): void {
  setDraft({ ...useDraft.getState(), yaml });
}

export function isEdited(draft: Draft): boolean {
  return draft.yaml.trim() !== '' && draft.yaml !== draft.origin;
}

function read(): Draft {
  try {
    const stored: unknown = JSON.parse(window.localStorage.getItem(storageKey) ?? 'null');
    if (typeof stored === 'object' && stored !== null && 'yaml' in stored && 'origin' in stored)
      return { yaml: String(stored.yaml), origin: String(stored.origin) };
  } catch {
    // Somebody else's text under our key: begin anew.
  }
  return { yaml: '', origin: '' };
}
