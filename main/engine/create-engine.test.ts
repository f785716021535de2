import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { User } from '../contract/governance.ts';
import type { ProcedureInput, ProcedureName, ProcedureOutput } from '../contract/index.ts';
import { procedures } from '../contract/index.ts';
import { createEngine, type Engine } from './create-engine.ts';

let folder: string;
let engine: Engine;
const start = () =>
  createEngine({
    workspaceFolder: folder,
    applicationVersion: '0.0.0',
    workerEntry: (name) => ({ path: join(import.meta.dirname, '..', 'workers', `${name}.ts`) }),
    packageFolder: (name) => join(import.meta.dirname, '../../node_modules', name),
    modelServerFolder: join(import.meta.dirname, '../../out/model-server'),
  });

async function call<N extends ProcedureName>(
  name: N,
  input: ProcedureInput<N>,
  token?: string,
): Promise<ProcedureOutput<N>> {
  const reply = await engine.call({ procedure: name, input, ...(token === undefined ? {} : { token }) });
  if (!reply.ok) throw Object.assign(new Error(reply.error.cause), reply.error);
  return procedures[name].output.parse(reply.result) as ProcedureOutput<N>;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'engine-'));
  engine = start();
});
afterEach(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the contract', () => {
  it('refuses an unknown procedure with the nearest name, and input that does not fit, naming the field', async () => {
    await expect(call('leger.verify' as 'ledger.verify', {})).rejects.toMatchObject({
      code: 'request.unknown_procedure',
      cause: expect.stringContaining('ledger.verify'),
    });
    await expect(call('ledger.list', { limit: 0 })).rejects.toMatchObject({
      code: 'request.invalid',
      cause: expect.stringContaining('limit'),
    });
    const refused: unknown[] = [];
    engine.subscribe({ type: 'subscribe', id: '1', stream: 'nothing', input: {} }, (message) => refused.push(message));
    expect(refused).toMatchObject([{ type: 'failed', error: { code: 'request.unknown_procedure' } }]);
  });
});

describe('people', () => {
  const addUser = (name: string, roles: User['roles'], token?: string) =>
    call('users.create', { name, roles, password: 'correct horse' }, token);

  it('lets the owner in without a password until one is set', async () => {
    const owner = await call('session.current', {});
    expect(owner.roles).toContain('admin');
    await call('users.setPassword', { id: owner.id, newPassword: 'a long password' });
    await expect(call('workspace.info', {})).rejects.toMatchObject({ code: 'access.sign_in_required' });
    const { token } = await call('session.signIn', { name: owner.name, password: 'a long password' });
    expect((await call('session.current', {}, token)).id).toBe(owner.id);
    await call('session.signOut', { token });
    await expect(call('session.current', {}, token)).rejects.toMatchObject({ code: 'access.sign_in_required' });
  });

  it('keeps everybody to their roles', async () => {
    await addUser('ada', ['annotator']);
    const { token } = await call('session.signIn', { name: 'Ada', password: 'correct horse' });
    await expect(addUser('eve', ['admin'], token)).rejects.toMatchObject({
      code: 'access.forbidden',
      cause: expect.stringContaining('admin'),
    });
    await expect(call('session.signIn', { name: 'ada', password: 'wrong horse' })).rejects.toMatchObject({
      code: 'access.wrong_password',
    });
    await expect(call('session.signIn', { name: 'nobody', password: 'correct horse' })).rejects.toMatchObject({
      code: 'access.wrong_password',
    });
    await expect(addUser('ADA', ['annotator'])).rejects.toMatchObject({ code: 'record.exists' });
  });

  it('ends the sessions of who is disabled, and never loses the last administrator', async () => {
    const user = await addUser('ada', ['annotator']);
    const { token } = await call('session.signIn', { name: 'ada', password: 'correct horse' });
    await call('users.update', { id: user.id, disabled: true });
    await expect(call('session.current', {}, token)).rejects.toMatchObject({ code: 'access.sign_in_required' });
    await expect(call('session.signIn', { name: 'ada', password: 'correct horse' })).rejects.toMatchObject({
      code: 'access.wrong_password',
    });
    const owner = await call('session.current', {});
    await expect(call('users.update', { id: owner.id, roles: ['annotator'] })).rejects.toMatchObject({
      code: 'record.in_use',
    });
  });

  it('writes every change of access into the ledger, and no password', async () => {
    const user = await addUser('ada', ['annotator']);
    await call('users.update', { id: user.id, roles: ['clinician'] });
    const entries = await call('ledger.list', { action: 'access.' });
    expect(entries.map((entry) => entry.action)).toEqual(['access.user_changed', 'access.user_created']);
    expect(JSON.stringify(entries)).not.toContain('horse');
    expect(JSON.stringify(await call('users.list', {}))).not.toContain('argon2');
    expect(await call('ledger.verify', {})).toMatchObject({ intact: true, entries: 3 });
  });
});

it('keeps as many predictions as an administrator says, and nobody else', async () => {
  expect((await call('workspace.info', {})).predictionLogLimit).toBe(100_000);
  await call('users.create', { name: 'ada', roles: ['researcher'], password: 'correct horse' });
  const { token } = await call('session.signIn', { name: 'ada', password: 'correct horse' });
  await expect(call('workspace.change', { predictionLogLimit: 2000 }, token)).rejects.toMatchObject({
    code: 'access.forbidden',
  });
  await expect(call('workspace.change', { predictionLogLimit: 10 })).rejects.toMatchObject({ code: 'request.invalid' });
  expect(await call('workspace.change', { predictionLogLimit: 2000 })).toMatchObject({ predictionLogLimit: 2000 });
  const [entry] = await call('ledger.list', { action: 'workspace.' });
  expect(entry).toMatchObject({ action: 'workspace.changed', payload: { predictionLogLimit: 2000, before: 100_000 } });
});

it('opens again as it was', async () => {
  await call('users.create', { name: 'ada', roles: ['approver'], password: 'correct horse' });
  await engine.close();
  engine = start();
  expect((await call('users.list', {})).map((user) => user.name)).toContain('ada');
  expect((await call('workspace.info', {})).recovery).toEqual([]);
  expect((await call('workspace.verify', {})).problems).toEqual([]);
});
