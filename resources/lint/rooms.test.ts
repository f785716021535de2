import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkRooms } from './rooms.ts';
import { roomsTable } from './rooms-table.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'rooms-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function complaints(files: Readonly<Record<string, string>>): readonly string[] {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  }
  return checkRooms(root, roomsTable).map((violation) => `${violation.file}: ${violation.message}`);
}

describe('the lint rule for the rooms', () => {
  it('is content with imports that the table allows', () => {
    const allowed = complaints({
      'main/base/ids.ts': `export const a = 1;`,
      'main/contract/jobs.ts': `import { z } from 'zod';\nimport { a } from '../base/ids.ts';\nexport const b = z.literal(a);`,
      'main/runtime/session.ts': `import { InferenceSession } from 'onnxruntime-node';\nexport const s = InferenceSession;`,
      'main/engine/jobs/index.ts': `export * from './job-list.ts';`,
      'main/engine/jobs/job-list.ts': `import type { s } from '../../runtime/session.ts';\nexport type S = typeof s;`,
      'main/engine/create-engine.ts': `import type { S } from './jobs/index.ts';\nexport type T = S;`,
      'main/graph/a.test.ts': `import { it } from 'vitest';\nimport 'onnxruntime-node';\nit('x', () => {});`,
      'renderer/app/main.tsx': `import '../screens/data/data-screen.tsx';`,
      'renderer/screens/data/data-screen.tsx': `import '../../client/client.ts';`,
      'renderer/client/client.ts': `import type { b } from '../../main/contract/jobs.ts';\nexport type B = typeof b;`,
    });
    expect(allowed).toEqual([]);
  });

  const forbidden: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
    [
      'a room',
      { 'main/graph/a.ts': `import '../contract/b.ts';`, 'main/contract/b.ts': 'export const b = 1;' },
      'main/graph/a.ts: main/graph may not import main/contract',
    ],
    [
      'a type',
      {
        'main/base/a.ts': `import type { B } from '../stats/b.ts';\nexport type A = B;`,
        'main/stats/b.ts': 'export type B = 1;',
      },
      'main/base/a.ts: main/base may not import main/stats',
    ],
    [
      'a type inside a type',
      { 'main/base/a.ts': `export type A = import('../stats/b.ts').B;`, 'main/stats/b.ts': 'export type B = 1;' },
      'main/base/a.ts: main/base may not import main/stats',
    ],
    [
      'a re-export',
      { 'main/base/a.ts': `export * from '../stats/b.ts';`, 'main/stats/b.ts': 'export type B = 1;' },
      'main/base/a.ts: main/base may not import main/stats',
    ],
    [
      'a dynamic import',
      { 'main/stats/a.ts': `export const a = import('../storage/b.ts');`, 'main/storage/b.ts': 'export const b = 1;' },
      'main/stats/a.ts: main/stats may not import main/storage',
    ],
    [
      'a worker of vite',
      {
        'renderer/client/a.ts': `import W from '../app/b.ts?worker';\nexport const w = W;`,
        'renderer/app/b.ts': 'export const b = 1;',
      },
      'renderer/client/a.ts: renderer/client may not import renderer/app',
    ],
    [
      'a module by URL',
      {
        'main/engine/a.ts': `export const a = new URL('../workers/b.ts', import.meta.url);`,
        'main/workers/b.ts': 'export const b = 1;',
      },
      'main/engine/a.ts: main/engine may not import main/workers',
    ],
    [
      'a value of a room of which only types are granted',
      {
        'main/engine/a.ts': `import { type C, b } from '../runtime/b.ts';\nexport const a: C = b;`,
        'main/runtime/b.ts': 'export const b = 1;\nexport type C = 1;',
      },
      'main/engine/a.ts: main/engine may import only types of main/runtime',
    ],
    [
      'a part of a room that is not granted',
      {
        'main/workers/a.ts': `import '../storage/database/b.ts';`,
        'main/storage/database/b.ts': 'export const b = 1;',
      },
      'main/workers/a.ts: main/workers may import only main/storage/artifacts of main/storage',
    ],
    [
      'a package',
      { 'main/engine/a.ts': `import 'onnxruntime-node';` },
      'main/engine/a.ts: main/engine may not import onnxruntime-node',
    ],
    [
      'a part of a package',
      { 'main/graph/a.ts': `import 'yaml/util';` },
      'main/graph/a.ts: main/graph may not import yaml/util',
    ],
    [
      'what is built into Node',
      { 'main/contract/a.ts': `import 'node:fs';` },
      'main/contract/a.ts: main/contract may not import node:fs',
    ],
    [
      'a required package',
      {
        'main/engine/a.ts': `declare const require: (name: string) => unknown;\nexport const a = require('electron');`,
      },
      'main/engine/a.ts: main/engine may not import electron',
    ],
    [
      'a package of the tests in other code',
      { 'main/graph/a.ts': `import 'vitest';` },
      'main/graph/a.ts: main/graph may not import vitest',
    ],
    [
      'a domain past its index',
      {
        'main/engine/jobs/list.ts': `import '../training/run.ts';`,
        'main/engine/training/run.ts': 'export const b = 1;',
      },
      'main/engine/jobs/list.ts: main/engine/training is entered only through its index.ts',
    ],
    [
      'a neighbour screen',
      {
        'renderer/screens/data/a.tsx': `import '../train/b.tsx';`,
        'renderer/screens/train/b.tsx': 'export const b = 1;',
      },
      'renderer/screens/data/a.tsx: renderer/screens/data may not import its neighbour renderer/screens/train',
    ],
    [
      'a higher layer of the renderer',
      {
        'renderer/charts/a.tsx': `import '../screens/train/b.tsx';`,
        'renderer/screens/train/b.tsx': 'export const b = 1;',
      },
      'renderer/charts/a.tsx: renderer/charts may not import renderer/screens',
    ],
    [
      'the engine from the renderer',
      { 'renderer/app/a.tsx': `import '../../main/engine/b.ts';`, 'main/engine/b.ts': 'export const b = 1;' },
      'renderer/app/a.tsx: renderer/app may not import main/engine',
    ],
    [
      'a file without its extension',
      { 'main/base/a.ts': `import './b';`, 'main/base/b.ts': 'export const b = 1;' },
      'main/base/a.ts: ./b does not exist (imports name the file with its extension)',
    ],
  ];
  for (const [what, files, complaint] of forbidden)
    it(`forbids ${what}`, () => {
      expect(complaints(files)).toEqual([complaint]);
    });

  it('forbids unlisted paths, but not what git ignores', () => {
    const found = complaints({
      '.gitignore': 'out/\n',
      'out/a.js': '',
      'main/utils/a.ts': 'export const a = 1;',
      'renderer/stray.tsx': 'export const a = 1;',
      'resources/odds/a.txt': 'a',
      'scripts/a.txt': 'a',
    });
    expect(found.toSorted()).toEqual(
      ['main/utils', 'renderer/stray.tsx', 'resources/odds', 'scripts'].map(
        (file) => `${file}: Not in the table of rooms`,
      ),
    );
  });

  it('finds circles of any length, through types too', () => {
    const found = complaints({
      'main/base/a.ts': `import type { B } from './b.ts';\nexport type A = B;`,
      'main/base/b.ts': `import { c } from './c.ts';\nexport type B = typeof c;`,
      'main/base/c.ts': `export const c = import('./a.ts');`,
      'main/base/d.ts': `import './a.ts';`,
    });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain('Imports go in a circle');
    expect(found[0]).not.toContain('d.ts');
  });
});
