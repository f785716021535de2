import { describe, expect, it } from 'vitest';
import { LightbenchError } from '../../../main/contract/errors.ts';
import type { LabelChange } from '../../../main/contract/labeling.ts';
import { LabelSession } from './label-session.ts';
import { emptyStack, pushed, redone, undone } from './undo-stack.ts';

const step = (index: number, from: number, to: number) => [{ index, from, to }];

describe('undo stack', () => {
  it('takes back and repeats in order', () => {
    const stack = pushed(pushed(emptyStack, step(0, -1, 3)), step(1, 2, 4));
    const first = undone(stack)!;
    expect(first.step).toEqual(step(1, 4, 2));
    const second = undone(first.stack)!;
    expect(second.step).toEqual(step(0, 3, -1));
    expect(undone(second.stack)).toBeNull();
    expect(redone(second.stack)!.step).toEqual(step(0, -1, 3));
  });

  it('forgets what was taken back when something new is done', () => {
    const back = undone(pushed(emptyStack, step(0, -1, 3)))!.stack;
    expect(redone(pushed(back, step(5, 1, 2)))).toBeNull();
  });

  it('does not record a step that changes nothing', () => {
    expect(pushed(emptyStack, [])).toBe(emptyStack);
  });
});

/** An engine with versions h0, h1 … that refuses a stale head, as the real one does. */
function engine(labels: readonly number[]) {
  const sent: LabelChange[][] = [];
  const errors: LightbenchError[] = [];
  const now = [...labels];
  let version = 0;
  let failure: LightbenchError | null = null;
  const waiting: (() => void)[] = [];
  let held = false;
  const session = new LabelSession(
    { labels, head: 'h0' },
    {
      send: async (expectedHead, changes) => {
        if (held) await new Promise<void>((resolve) => waiting.push(resolve));
        if (failure !== null) throw failure;
        if (expectedHead !== `h${version}`) throw new LightbenchError('record.conflict', 'newer version');
        for (const { index, label } of changes) now[index] = label;
        sent.push([...changes]);
        version += 1;
        return `h${version}`;
      },
      reload: async () => ({ labels: [...now], head: `h${version}` }),
      onError: (error) => errors.push(error),
    },
  );
  return {
    session,
    sent,
    errors,
    now,
    somebodyElse: (index: number, label: number) => {
      now[index] = label;
      version += 1;
      return `h${version}`;
    },
    fail: (error: LightbenchError | null) => {
      failure = error;
    },
    hold: () => {
      held = true;
    },
    release: () => {
      held = false;
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

describe('label session', () => {
  it('shows a change at once and sends it behind', async () => {
    const { session, sent } = engine([-1, -1]);
    session.label([1], 4);
    expect(session.state().labels).toEqual([-1, 4]);
    expect(session.state().saving).toBe(true);
    await settled();
    expect(sent).toEqual([[{ index: 1, label: 4 }]]);
    expect(session.state()).toMatchObject({ head: 'h1', saving: false });
  });

  it('gathers what happens while a version is being written into the next', async () => {
    const world = engine([-1, -1, -1]);
    world.hold();
    world.session.label([0], 1);
    world.session.label([1], 2);
    world.session.label([1], 3);
    world.session.label([2], 5);
    world.session.undo();
    world.release();
    await settled();
    expect(world.sent).toEqual([[{ index: 0, label: 1 }], [{ index: 1, label: 3 }]]);
    expect(world.now).toEqual([1, 3, -1]);
  });

  it('undoes and redoes through new versions', async () => {
    const { session, now } = engine([7]);
    session.label([0], 2);
    await settled();
    session.undo();
    await settled();
    expect(now).toEqual([7]);
    session.redo();
    await settled();
    expect(now).toEqual([2]);
    expect(session.state().head).toBe('h3');
  });

  it('keeps what a conflict refused and can apply it on top', async () => {
    const { session, now, somebodyElse } = engine([-1, -1]);
    somebodyElse(0, 9);
    session.label([1], 4);
    await settled();
    expect(session.state()).toMatchObject({ labels: [9, -1], refused: [{ index: 1, label: 4 }] });
    session.resolve('apply');
    await settled();
    expect(now).toEqual([9, 4]);
    expect(session.state().refused).toBeNull();
  });

  it('goes back to what was saved when saving fails', async () => {
    const { session, errors, fail } = engine([3]);
    fail(new LightbenchError('storage.disk_full', 'full'));
    session.label([0], 5);
    await settled();
    expect(session.state()).toMatchObject({ labels: [3], saving: false });
    expect(errors.map((error) => error.code)).toEqual(['storage.disk_full']);
    expect(session.undo()).toBeNull();
  });

  it('follows what somebody else did while idle', async () => {
    const { session, somebodyElse } = engine([-1]);
    await session.follow(somebodyElse(0, 6));
    expect(session.state()).toMatchObject({ labels: [6], head: 'h1' });
  });
});
