import { describe, expect, it } from 'vitest';
import { readTags, writeTags } from './run-tags.ts';

describe('tags of a run', () => {
  it('are written and read back', () => {
    const tags = { site: 'north', formula: 'a=b, c', empty: '' };
    expect(writeTags(tags)).toEqual(['site=north', 'formula=a=b, c', 'empty=']);
    expect(readTags(writeTags(tags))).toEqual({ tags, problem: null });
    expect(readTags([' site = north '])).toEqual({ tags: { site: 'north' }, problem: null });
    expect(readTags([])).toEqual({ tags: {}, problem: null });
  });

  it('need a key, and each key once', () => {
    expect(readTags(['north'])).toEqual({ tags: null, problem: '“north” is not of the form key=value.' });
    expect(readTags(['=north']).problem).toMatch(/key=value/);
    expect(readTags(['site=north', 'site=south']).problem).toBe('The key “site” is there twice.');
  });
});
