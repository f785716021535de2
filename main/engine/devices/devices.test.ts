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
    expect(String(devices.knownBlockSize ?? 'none')).toBe(cpu.details.blockSize);
  });

  it('does not offer a device whose numbers are wrong, and names it when a run asks for it', async () => {
    const devices = devicesWith(
      answering(`process.send({ type: 'result', result: input.provider === 'webgpu'
        ? { present: true, reason: 'The gradient is off.', blockSize: null, details: {},
            selfTest: { passed: false, maxRelativeError: 0.3, worst: 'the gradient', tolerance: 0.005, durationMs: 1 } }
        : { present: true, reason: 'fine', blockSize: 8, details: {},
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
    });
  });

  it('survives a driver that takes its process down', async () => {
    const devices = devicesWith(answering(`process.kill(process.pid, 'SIGSEGV')`));
    const [cpu] = await devices.handlers['devices.list']({ refresh: true }, caller);
    expect(cpu).toMatchObject({ present: false, offered: false, reason: expect.stringContaining('SIGSEGV') });
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
