import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HostRequest } from '../contract/wire.ts';
import { closeGraceMs, HostLink, type HostProcess } from './host-link.ts';

/** A process in our hands: says what we say, ends when we say. */
class ScriptedHost implements HostProcess {
  readonly posted: HostRequest[] = [];
  say: (message: unknown) => void = () => undefined;
  end: (how: string) => void = () => undefined;
  killed = 0;
  words = '';
  post(request: HostRequest): void {
    this.posted.push(structuredClone(request));
  }
  onMessage(listener: (message: unknown) => void): void {
    this.say = (message) => listener(structuredClone(message));
  }
  onExit(listener: (how: string) => void): void {
    this.end = listener;
  }
  lastWords(): string {
    return this.words;
  }
  kill(): void {
    this.killed += 1;
    this.end('by SIGKILL');
  }
}

let host: ScriptedHost;
let link: HostLink;
beforeEach(() => {
  host = new ScriptedHost();
  link = new HostLink(host);
});
afterEach(() => vi.useRealTimers());

const info = { procedure: 'workspace.info', input: {} };

describe('the link to an engine host', () => {
  it('matches replies to calls by number, in any order', async () => {
    const first = link.call(info);
    const second = link.call(info);
    host.say({ kind: 'call', number: 2, reply: { ok: true, result: 'two' } });
    host.say({ kind: 'call', number: 1, reply: { ok: true, result: 'one' } });
    expect(await first).toEqual({ ok: true, result: 'one' });
    expect(await second).toEqual({ ok: true, result: 'two' });
  });

  it('carries the bytes of an asset, and its error', async () => {
    const asset = link.asset({ asset: 'datasets.image', params: {} });
    const missing = link.asset({ asset: 'datasets.image', params: {} });
    const reply = { contentType: 'image/png', bytes: new Uint8Array([1, 2, 3]), immutable: true };
    host.say({ kind: 'asset', number: 1, reply, error: null });
    const error = { code: 'record.not_found', title: 'a', cause: 'b', suggestion: 'c' };
    host.say({ kind: 'asset', number: 2, reply: null, error });
    expect(await asset).toEqual(reply);
    await expect(missing).rejects.toMatchObject({ code: 'record.not_found' });
  });

  it('answers everything that waits with worker.crashed when the process ends', async () => {
    host.say({ kind: 'ready', workspacePath: '/w' });
    await link.ready;
    const ends: string[] = [];
    link.onEnd((error) => ends.push(error.message));
    const waiting = link.call(info);
    const asset = link.asset({ asset: 'x', params: {} });
    host.words = 'Segmentation fault\n';
    host.end('by SIGSEGV');
    expect(await waiting).toMatchObject({ ok: false, error: { code: 'worker.crashed' } });
    await expect(asset).rejects.toMatchObject({ code: 'worker.crashed' });
    expect(await link.call(info)).toMatchObject({ ok: false, error: { code: 'worker.crashed' } });
    expect(ends).toEqual(['The engine ended by SIGSEGV. It last said: Segmentation fault']);
  });

  it('rejects the greeting once, by the refusal or by the end, and tells nobody else', async () => {
    const ends: unknown[] = [];
    link.onEnd((error) => ends.push(error));
    const error = { code: 'workspace.locked', title: 'a', cause: 'held by ada', suggestion: 'c' };
    host.say({ kind: 'refused', error });
    host.end('with exit code 1');
    await expect(link.ready).rejects.toMatchObject({ code: 'workspace.locked', message: 'held by ada' });

    const silent = new ScriptedHost();
    const other = new HostLink(silent);
    other.onEnd((end) => ends.push(end));
    silent.end('with exit code 9');
    await expect(other.ready).rejects.toMatchObject({ code: 'worker.crashed' });
    expect(ends).toEqual([]);
  });

  it('ignores what is outside the contract', async () => {
    const waiting = link.call(info);
    for (const message of [null, 'ready', { kind: 'call', number: 1, reply: { ok: 'yes' } }, { kind: 'order' }])
      host.say(message);
    host.say({ kind: 'call', number: 1, reply: { ok: true, result: 1 } });
    expect(await waiting).toEqual({ ok: true, result: 1 });
  });

  it('asks politely to end, and ends without asking after five seconds', async () => {
    vi.useFakeTimers();
    const closed = link.close();
    expect(host.posted).toEqual([{ kind: 'shutdown' }]);
    await vi.advanceTimersByTimeAsync(closeGraceMs - 1);
    expect(host.killed).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    await closed;
    expect(host.killed).toBe(1);
    expect(closeGraceMs).toBe(5000);
  });
});
