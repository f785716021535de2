import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { Emitter } from '../../base/emitter.ts';
import { procedures } from '../../contract/devices.ts';
import { Workspace } from '../../storage/index.ts';
import type { Caller, EngineContext, WorkerEntry } from '../core/context.ts';
import { Devices } from './devices.ts';
import { physicalCores } from './processor.ts';

const caller: Caller = { userId: 'u', userName: 'ada', roles: ['admin'] };
let folder: string;
let workspace: Workspace;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'devices-'));
  workspace = Workspace.open({ folder: join(folder, 'w'), clock: systemClock, application: 'test' });
});
afterEach(() => {
  workspace.close();
  rmSync(folder, { recursive: true, force: true });
});

const real: WorkerEntry = (name) => ({ path: join(import.meta.dirname, '../../workers', `${name}.ts`) });
const devicesWith = (workerEntry: WorkerEntry) => {
  const context: EngineContext = {
    workspace,
    clock: systemClock,
    events: new Emitter(),
    applicationVersion: '0',
    workerEntry,
    changed: () => {},
  };
  return new Devices(context);
};
/** A probe that says what a worker would say. */
const answering = (body: string): WorkerEntry => {
  const path = join(folder, 'probe.mjs');
  writeFileSync(
    path,
    `process.on('message', ({ input }) => { ${body} }); process.on('disconnect', () => process.exit());`,
  );
  return () => ({ path });
};

describe('devices', () => {
  it('tries every kind, offers the CPU by its self-test, and gives a reason for each that is not offered', async () => {
    const devices = devicesWith(real);
    const list = procedures['devices.list'].output.parse(
      await devices.handlers['devices.list']({ refresh: false }, caller),
    );
    expect(list.map(({ id }) => id)).toEqual(['cpu', 'webgpu', 'cuda', 'dml', 'coreml']);
    const [cpu, ...others] = list;
    expect(cpu).toMatchObject({ present: true, offered: true, selfTest: { passed: true } });
    expect(cpu.selfTest?.maxRelativeError).toBeLessThan(1e-4);
    for (const device of others) {
      expect(device.offered).toBe(device.selfTest?.passed ?? false);
      expect(device.reason.length).toBeGreaterThan(10);
    }
    expect(await devices.choose({ device: 'cpu', threads: 3 })).toMatchObject({ provider: 'cpu', threads: 3 });
    expect(String(devices.knownFeatures.blockSize ?? 'none')).toBe(cpu.details.blockSize);
  });

  it('does not offer a device whose numbers are wrong, and names it when a run asks for it', async () => {
    const devices = devicesWith(
      answering(`process.send({ type: 'result', result: input.provider === 'webgpu'
        ? { present: true, reason: 'The gradient is off.', blockSize: null, native: false, details: {},
            selfTest: { passed: false, maxRelativeError: 0.3, worst: 'the gradient', tolerance: 0.005, durationMs: 1 } }
        : { present: true, reason: 'fine', blockSize: 8, native: true, details: {},
            selfTest: { passed: true, maxRelativeError: 0, worst: 'the loss', tolerance: 1, durationMs: 1 } } })`),
    );
    await expect(devices.choose({ device: 'webgpu', threads: 0 })).rejects.toMatchObject({
      code: 'device.unavailable',
      message: expect.stringContaining('The gradient is off.'),
    });
    expect(await devices.choose({ device: 'auto', threads: 1 })).toEqual({
      provider: 'cuda',
      threads: 1,
      blockSize: null,
      native: false,
    });
  });

  it('survives a driver that takes its process down', async () => {
    const devices = devicesWith(answering(`process.kill(process.pid, 'SIGSEGV')`));
    const [cpu] = await devices.handlers['devices.list']({ refresh: true }, caller);
    expect(cpu).toMatchObject({ present: false, offered: false, reason: expect.stringContaining('SIGSEGV') });
  });
});

/** What a probe says of a device that is fine, as program text. */
const fine = `{ present: true, reason: 'fine', blockSize: null, native: false, details: {},
  selfTest: { passed: true, maxRelativeError: 0, worst: 'the loss', tolerance: 1, durationMs: 1 } }`;

describe('operators of a device', () => {
  it('tests them all once and keeps what came out in the workspace', async () => {
    const devices = devicesWith(real);
    const first = await devices.handlers['devices.test']({ device: 'cpu', refresh: false }, caller);
    expect(first).toMatchObject({ failures: [] });
    expect(first.passed).toBe(first.tested);
    expect(first.tested).toBeGreaterThan(100);
    const opened = devicesWith(real);
    const [cpu] = await opened.handlers['devices.list']({ refresh: false }, caller);
    expect(cpu.operatorTest).toEqual(first);
    expect(await opened.handlers['devices.test']({ device: 'cpu', refresh: false }, caller)).toEqual(first);
  });

  it('tests again on request, and when the device or the compiler is no longer the same', async () => {
    const identities = ['a', 'a', 'b'];
    const durations: number[] = [];
    for (const [place, identity] of identities.entries()) {
      const devices = devicesWith(
        answering(`process.send({ type: 'result', result: !('known' in input) ? ${fine}
          : { identity: '${identity}', tested: input.known === '${identity}' ? null
            : { operators: ['Tanh'], failures: [], durationMs: ${place} } } })`),
      );
      const ask = (refresh: boolean) => devices.handlers['devices.test']({ device: 'webgpu', refresh }, caller);
      durations.push((await ask(false)).durationMs);
      if (place === 0) expect((await ask(true)).tested).toBe(1);
    }
    expect(durations).toEqual([0, 0, 2]);
  });

  it('refuses a model that needs an operator which fails, by name, and takes another device where it may choose', async () => {
    const devices = devicesWith(
      answering(`process.send({ type: 'result', result: 'known' in input
        ? { identity: 'a', tested: { operators: ['Conv', 'Scan', 'Tanh'], durationMs: 1,
            failures: input.provider === 'webgpu' ? [{ operator: 'Conv', kind: 'wrong', reason: 'Conv: y0 is off by 0.3.' }] : [] } }
        : ${fine} })`),
    );
    const config = { device: 'webgpu', threads: 1 } as const;
    await expect(devices.choose(config, new Set(['Tanh', 'Conv']))).rejects.toMatchObject({
      code: 'device.unavailable',
      message: expect.stringContaining('Conv computes wrongly'),
      suggestion: expect.stringContaining('cpu'),
    });
    expect(await devices.choose(config, new Set(['Tanh']))).toMatchObject({ provider: 'webgpu' });
    expect(await devices.choose({ ...config, device: 'auto' }, new Set(['Conv']))).toMatchObject({ provider: 'cuda' });
    expect(await devices.handlers['devices.test']({ device: 'webgpu', refresh: false }, caller)).toMatchObject({
      tested: 3,
      passed: 2,
    });
  });

  it('names the operator that takes its process down, and tests the others without it', async () => {
    const devices = devicesWith(
      answering(`if (!('known' in input)) process.send({ type: 'result', result: ${fine} });
        else if (input.deadly.length === 0) process.send({ type: 'message', message: { type: 'case', name: 'Tanh', done: 3, total: 9 } },
          () => process.kill(process.pid, 'SIGSEGV'));
        else process.send({ type: 'result', result: { identity: 'a', tested: { operators: ['Tanh', 'Sin'], durationMs: 1,
          failures: input.deadly.map((operator) => ({ operator, kind: 'missing', reason: operator + ' ended the process.' })) } } })`),
    );
    expect(await devices.handlers['devices.test']({ device: 'webgpu', refresh: false }, caller)).toMatchObject({
      passed: 1,
      failures: [{ operator: 'Tanh', kind: 'missing' }],
    });
  });
});

describe('physical cores', () => {
  it('counts processors that share a core once', () => {
    for (const [cpu, siblings] of [
      [0, '0,2'],
      [1, '1,3'],
      [2, '0,2'],
      [3, '1,3'],
    ] as const) {
      mkdirSync(join(folder, `cpu${cpu}`, 'topology'), { recursive: true });
      writeFileSync(join(folder, `cpu${cpu}`, 'topology', 'thread_siblings_list'), `${siblings}\n`);
    }
    expect(physicalCores(folder)).toBeLessThanOrEqual(2);
    expect(physicalCores(join(folder, 'nothing'))).toBeGreaterThanOrEqual(1);
  });
});
