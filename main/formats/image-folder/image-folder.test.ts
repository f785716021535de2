import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isImageFolder, scanImageFolder } from './image-folder.ts';

describe('image folder', () => {
  let root: string;
  const touch = async (...names: string[]) => {
    for (const name of names) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), 'x');
    }
  };
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'folder-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  it('takes sub-folders as classes, in an order that does not depend on the system', async () => {
    await touch('dog/b.png', 'cat/a.JPG', 'cat/deep/c.webp', 'notes.txt', '.hidden/x.png');
    const folder = await scanImageFolder(root);
    expect(folder.classes).toEqual(['cat', 'dog']);
    expect(folder.items.map(({ name, label, split }) => [name, label, split])).toEqual([
      ['cat/a.JPG', 0, undefined],
      ['cat/deep/c.webp', 0, undefined],
      ['dog/b.png', 1, undefined],
    ]);
    expect(folder.ignored).toEqual(['notes.txt']);
    expect(await isImageFolder(root)).toBe(true);
  });

  it('takes split folders above class folders', async () => {
    await touch('train/cat/a.png', 'valid/cat/b.png', 'test/dog/c.bmp');
    const folder = await scanImageFolder(root);
    expect(folder.givenSplits).toEqual(['train', 'validation', 'test']);
    expect(folder.items.map(({ label, split }) => [label, split])).toEqual([
      [1, 'test'],
      [0, 'train'],
      [0, 'validation'],
    ]);
  });

  it('keeps a class that is only called like a split', async () => {
    await touch('test/a.png', 'exam/b.png');
    expect((await scanImageFolder(root)).classes).toEqual(['exam', 'test']);
  });

  it('leaves pictures outside of class folders unlabeled and says when there are none', async () => {
    await touch('a.png');
    expect((await scanImageFolder(root)).items[0].label).toBe(-1);
    await rm(join(root, 'a.png'));
    await touch('readme.md');
    await expect(scanImageFolder(root)).rejects.toMatchObject({ reason: 'empty' });
    expect(await isImageFolder(root)).toBe(false);
  });
});
