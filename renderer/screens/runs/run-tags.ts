import type { Run } from '../../../main/contract/training.ts';

export type ReadTags =
  | { readonly tags: Run['tags']; readonly problem: null }
  | { readonly tags: null; readonly problem: string };

/** Tags as they are written: `site=north`. */
export function writeTags(tags: Run['tags']): string[] {
  return Object.entries(tags).map(([key, value]) => `${key}=${value}`);
}

/** The reverse of `writeTags`. A value may hold `=` itself; keys may not come twice. */
export function readTags(texts: readonly string[]): ReadTags {
  const tags = new Map<string, string>();
  for (const text of texts) {
    const at = text.indexOf('=');
    const key = text.slice(0, Math.max(0, at)).trim();
    if (key === '') return { tags: null, problem: `“${text}” is not of the form key=value.` };
    if (tags.has(key)) return { tags: null, problem: `The key “${key}” is there twice.` };
    tags.set(key, text.slice(at + 1).trim());
  }
  return { tags: Object.fromEntries(tags), problem: null };
}
