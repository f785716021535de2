import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { Emitter } from '../../base/emitter.ts';
import { seededRandom } from '../../base/random.ts';
import type { LabelChange } from '../../contract/labeling.ts';
import { Workspace } from '../../storage/index.ts';
import type { Caller } from '../core/context.ts';
import { Labeling } from './index.ts';

const DATASET = 'd'.repeat(64);
const IMPORTED = [0, 1, 2, -1, 1, 0];
const ada: Caller = { userId: 'u1', userName: 'ada', roles: ['annotator'] };
const bob: Caller = { userId: 'u2', userName: 'bob', roles: ['annotator'] };

let folder: string;
let workspace: Workspace;
let labeling: Labeling;
const values = async (labelSetId: string, version?: string) =>
  (await labeling.handlers['labels.values']({ labelSetId, ...(version === undefined ? {} : { version }) }, ada)).labels;
const create = (startFrom: 'imported' | 'empty' = 'imported') =>
  labeling.handlers['labels.create']({ datasetDigest: DATASET, name: `set ${startFrom}`, startFrom }, ada);
const apply = (labelSetId: string, expectedHead: string, changes: LabelChange[], caller = ada) =>
  labeling.handlers['labels.apply']({ labelSetId, expectedHead, changes, comment: '' }, caller);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labeling-'));
  workspace = Workspace.open({ folder, clock: systemClock, application: 'test' });
  labeling = new Labeling(
    {
      workspace,
      clock: systemClock,
      events: new Emitter(),
      applicationVersion: '0',
      workerEntry: (name) => ({ path: name }),
      changed: () => {},
    },
    {
      get: (digest) => ({
        digest,
        name: 'shapes',
        version: 1,
        rows: IMPORTED.length,
        classes: ['circle', 'square', 'star'],
      }),
      labels: () => IMPORTED,
    },
  );
});
afterEach(() => {
  workspace.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a label set', () => {
  it('starts from the imported labels or empty, with a key for every class', async () => {
    const set = await create();
    expect(set).toMatchObject({ keys: ['1', '2', '3'], labeledCount: 5, changedCount: 0, versionCount: 1 });
    expect(await values(set.id)).toEqual(IMPORTED);
    const empty = await create('empty');
    expect(await values(empty.id)).toEqual([-1, -1, -1, -1, -1, -1]);
    await expect((async () => create())()).rejects.toMatchObject({ code: 'record.exists' });
  });

  it('makes an immutable version and a ledger row of every change, and keeps every version readable', async () => {
    const set = await create();
    const first = await apply(set.id, set.head, [{ index: 3, label: 2 }]);
    const second = await apply(set.id, first.digest, [
      { index: 0, label: 1 },
      { index: 3, label: -1 },
    ]);
    expect(first.changes).toEqual([{ index: 3, from: -1, to: 2 }]);
    expect(await values(set.id, set.head)).toEqual(IMPORTED);
    expect(await values(set.id, first.digest)).toEqual([0, 1, 2, 2, 1, 0]);
    expect(await values(set.id)).toEqual([1, 1, 2, -1, 1, 0]);
    expect(second).toMatchObject({ parent: first.digest, number: 2, createdBy: 'ada' });
    expect(
      workspace.ledger.list({ limit: 10, action: 'labels.changed' }).map((entry) => entry.payload.version),
    ).toEqual([second.digest, first.digest]);
    expect(workspace.lineage.around(second.digest, 'upstream').nodes.map((node) => node.digest)).toContain(set.head);
  });

  it('comes back to itself by the inverse changes, whatever was done: undo', async () => {
    const set = await create();
    const random = seededRandom(5);
    let head = set.head;
    const done = [];
    for (let n = 0; n < 40; n++) {
      const version = await apply(set.id, head, [{ index: random.below(6), label: random.below(4) - 1 }]);
      if (version.digest !== head) done.push(version);
      head = version.digest;
    }
    for (const version of done.reverse())
      head = (
        await apply(
          set.id,
          head,
          version.changes.map(({ index, from }) => ({ index, label: from })),
        )
      ).digest;
    expect(await values(set.id)).toEqual(IMPORTED);
    expect(await values(set.id, head)).toEqual(IMPORTED);
  });

  it('makes no version of a change that changes nothing', async () => {
    const set = await create();
    expect((await apply(set.id, set.head, [{ index: 0, label: 0 }])).digest).toBe(set.head);
  });

  it('never lets two people overwrite each other unseen', async () => {
    const set = await create();
    await apply(set.id, set.head, [{ index: 0, label: 1 }], bob);
    await expect((async () => apply(set.id, set.head, [{ index: 0, label: 2 }]))()).rejects.toMatchObject({
      code: 'record.conflict',
      message: expect.stringContaining('bob'),
    });
    expect((await values(set.id))[0]).toBe(1);
  });

  it('refuses a class and an item that do not exist, and stores nothing of such a change', async () => {
    const set = await create();
    await expect(
      (async () =>
        apply(set.id, set.head, [
          { index: 0, label: 1 },
          { index: 1, label: 3 },
        ]))(),
    ).rejects.toMatchObject({ code: 'labels.unknown_class' });
    await expect((async () => apply(set.id, set.head, [{ index: 6, label: 0 }]))()).rejects.toMatchObject({
      code: 'record.not_found',
    });
    expect(await values(set.id)).toEqual(IMPORTED);
    expect(workspace.ledger.list({ limit: 10, action: 'labels.changed' })).toEqual([]);
  });

  it('takes a new class as a new version', async () => {
    const set = await create();
    const wider = await labeling.handlers['labels.addClass']({ labelSetId: set.id, name: 'cross' }, ada);
    expect(wider.head).not.toBe(set.head);
    await apply(set.id, wider.head, [{ index: 0, label: 3 }]);
    expect((await values(set.id))[0]).toBe(3);
  });
});
