import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Alias, ModelVersion } from '../../contract/registry.ts';
import { readInferenceRequest } from '../../formats/open-inference/inference-request.ts';
import type { Caller } from '../core/context.ts';
import { openTrainedModels, SetClock, SIZE, type TrainedModels } from '../trained-model.test-support.ts';

const PASSWORD = 'correct horse battery';

let clock: SetClock;
let models: TrainedModels;
let ada: Caller;
let bob: Caller;

const calls = () => models.registry.handlers;
const register = (seed: number): Promise<ModelVersion> =>
  Promise.resolve(
    calls()['registry.register']({ runId: models.addRun(seed), modelName: 'pictures', description: 'Test' }, ada),
  );
const request = async (version: number, alias: Alias = 'production') =>
  await calls()['registry.requestPromotion']({ modelName: 'pictures', version, alias, comment: 'please' }, ada);
const decide = (requestId: string, userName = 'bob', password = PASSWORD, decision: 'approve' | 'reject' = 'approve') =>
  Promise.resolve(calls()['registry.decide']({ requestId, decision, userName, password, comment: '' }, ada));
const promote = async (version: number) => decide((await request(version)).id);
const rollback = async () =>
  await calls()['registry.rollback']({ modelName: 'pictures', alias: 'production', comment: '' }, bob);
const aliasAt = (at: string) => calls()['registry.aliasAt']({ modelName: 'pictures', alias: 'production', at }, ada);
const production = () => models.workspace.registry.aliases('pictures').production;
const actions = () => models.workspace.ledger.list({ limit: 100 }).map((entry) => entry.action);

beforeEach(async () => {
  clock = new SetClock();
  models = openTrainedModels(clock);
  ada = await models.addPerson('ada', ['researcher', 'approver'], PASSWORD);
  bob = await models.addPerson('bob', ['approver'], PASSWORD);
});
afterEach(() => models.close());

describe('registering', () => {
  it('keeps everything a version stands for', async () => {
    const version = await register(1);
    expect(version).toMatchObject({
      modelName: 'pictures',
      version: 1,
      runId: 'run_000001',
      classes: ['circle', 'cross', 'square'],
      metrics: { 'test.accuracy': 0.875 },
      codeVersion: '0.1.0',
      aliases: [],
      bundleDigest: null,
    });
    expect(await models.workspace.artifacts.verify(version.onnxDigest)).toBe('intact');
    const example = models.workspace.artifacts.read(version.inputExampleDigest!);
    const body = readInferenceRequest(example, undefined, version.signature);
    expect(body.inputs[0].shape).toEqual([1, SIZE, SIZE, 1]);
    expect(models.workspace.artifactRecords.owners(version.onnxDigest)).toEqual(['model pictures v1']);
    expect(actions()[0]).toBe('model.registered');
  });

  it('numbers the versions of a model whatever the case of its name', async () => {
    await register(1);
    const second = await calls()['registry.register'](
      { runId: models.addRun(2), modelName: 'PICTURES', description: '' },
      ada,
    );
    expect(second).toMatchObject({ modelName: 'pictures', version: 2 });
    const [model] = await calls()['registry.list']({}, ada);
    expect(model.versions.map(({ version }) => version)).toEqual([2, 1]);
    expect(new Set(model.versions.map(({ digest }) => digest)).size).toBe(2);
  });

  it('hangs the version into the lineage of its data', async () => {
    const version = await register(1);
    const { nodes } = await calls()['lineage.get']({ digest: version.digest, direction: 'upstream' }, ada);
    expect(nodes.map(({ kind }) => kind).toSorted()).toEqual(['checkpoint', 'dataset', 'model_version', 'run']);
  });

  it('refuses runs that have not finished, and unknown ones', async () => {
    const running = models.addRun(3, { status: 'RUNNING' });
    const bare = models.addRun(4, { bestCheckpoint: null });
    for (const runId of [running, bare])
      await expect(
        calls()['registry.register']({ runId, modelName: 'pictures', description: '' }, ada),
      ).rejects.toMatchObject({ code: 'run.wrong_state' });
    await expect(
      calls()['registry.register']({ runId: 'run_none', modelName: 'pictures', description: '' }, ada),
    ).rejects.toMatchObject({ code: 'record.not_found' });
    expect(models.workspace.registry.models()).toEqual([]);
  });
});

describe('promotion', () => {
  beforeEach(async () => {
    for (const seed of [1, 2, 3]) await register(seed);
  });

  it('moves the alias when somebody else signs', async () => {
    const asked = await request(1);
    expect(asked).toMatchObject({ state: 'PENDING', requestedBy: 'ada', replaces: null });
    expect(production()).toBeUndefined();
    expect(await decide(asked.id)).toMatchObject({ state: 'APPROVED', decidedBy: 'bob' });
    expect(production()).toBe(1);
    expect((await calls()['registry.get']({ modelName: 'pictures', version: 1 }, ada)).aliases).toEqual(['production']);
    expect(actions()[0]).toBe('promotion.approved');
    expect(models.workspace.ledger.verify().intact).toBe(true);
  });

  it('refuses the requester under any spelling, and puts that on record', async () => {
    const { id } = await request(1);
    for (const name of ['ada', 'ADA'])
      await expect(decide(id, name)).rejects.toMatchObject({ code: 'registry.own_request' });
    expect(production()).toBeUndefined();
    expect(actions()[0]).toBe('promotion.signature_refused');
  });

  it('refuses a wrong password, an unknown name and a person without the role', async () => {
    await models.addPerson('carol', ['researcher', 'admin'], PASSWORD);
    const { id } = await request(1);
    await expect(decide(id, 'bob', 'wrong password')).rejects.toMatchObject({ code: 'access.wrong_password' });
    await expect(decide(id, 'nobody')).rejects.toMatchObject({ code: 'access.wrong_password' });
    await expect(decide(id, 'carol')).rejects.toMatchObject({ code: 'access.forbidden' });
    expect((await calls()['registry.requests']({ state: 'PENDING' }, ada)).map((one) => one.id)).toEqual([id]);
  });

  it('notices that the alias moved meanwhile; rejecting still works', async () => {
    const first = await request(1);
    const second = await request(2);
    await decide(first.id);
    await expect(decide(second.id)).rejects.toMatchObject({ code: 'record.conflict' });
    expect(production()).toBe(1);
    expect(await decide(second.id, 'bob', PASSWORD, 'reject')).toMatchObject({ state: 'REJECTED' });
  });

  it('is decided once, also when two signatures arrive together', async () => {
    await models.addPerson('dora', ['approver'], PASSWORD);
    const { id } = await request(1);
    const outcomes = await Promise.allSettled([decide(id, 'bob'), decide(id, 'dora', PASSWORD, 'reject')]);
    expect(outcomes.map((outcome) => outcome.status).toSorted()).toEqual(['fulfilled', 'rejected']);
    await expect(decide(id)).rejects.toMatchObject({ code: 'record.conflict' });
  });

  it('can be withdrawn, by the requester only', async () => {
    const { id } = await request(1);
    expect(() => calls()['registry.withdraw']({ requestId: id }, bob)).toThrow(
      expect.objectContaining({ code: 'access.forbidden' }),
    );
    expect(await calls()['registry.withdraw']({ requestId: id }, ada)).toMatchObject({ state: 'WITHDRAWN' });
    await expect(decide(id)).rejects.toMatchObject({ code: 'record.conflict' });
  });

  it('refuses to ask twice, or for what is already there', async () => {
    const { id } = await request(1);
    await expect(request(1)).rejects.toMatchObject({ code: 'record.conflict' });
    await decide(id);
    await expect(request(1)).rejects.toMatchObject({ code: 'request.invalid' });
    await expect(request(9)).rejects.toMatchObject({ code: 'record.not_found' });
  });

  it('is rolled back in one step, further back each time', async () => {
    await expect(rollback()).rejects.toMatchObject({ code: 'registry.no_previous' });
    for (const version of [1, 2, 3]) await promote(version);
    expect(await rollback()).toMatchObject({ from: 3, version: 2, reason: 'rollback', by: 'bob' });
    expect(await rollback()).toMatchObject({ from: 2, version: 1 });
    await expect(rollback()).rejects.toMatchObject({ code: 'registry.no_previous' });
    await promote(3);
    expect(await rollback()).toMatchObject({ from: 3, version: 1 });
    const history = await calls()['registry.history']({ modelName: 'pictures' }, ada);
    expect(history.map((change) => change.version)).toEqual([1, 3, 1, 2, 3, 2, 1]);
  });
});

describe('what was in production at a moment', () => {
  beforeEach(async () => {
    for (const seed of [1, 2]) await register(seed);
  });

  it('is answered across promotions and rollbacks', async () => {
    clock.set('2026-03-01T12:00:00.000Z');
    await promote(1);
    clock.set('2026-03-02T12:00:00.000Z');
    await promote(2);
    clock.set('2026-03-03T12:00:00.000Z');
    await rollback();
    expect(aliasAt('2026-03-01T11:59:59.999Z')).toEqual({ version: null, since: null });
    expect(aliasAt('2026-03-01T12:00:00Z')).toEqual({ version: 1, since: '2026-03-01T12:00:00.000Z' });
    expect(aliasAt('2026-03-02T18:00:00.000Z')).toMatchObject({ version: 2 });
    expect(aliasAt('2026-03-09T00:00:00.000Z')).toEqual({ version: 1, since: '2026-03-03T12:00:00.000Z' });
  });

  it('never brings back what was replaced when the clock is set back', async () => {
    clock.set('2026-03-05T12:00:00.000Z');
    await promote(1);
    clock.set('2026-03-04T12:00:00.000Z');
    await promote(2);
    expect(aliasAt('2026-03-04T13:00:00.000Z')).toMatchObject({ version: 2 });
    expect(aliasAt('2026-03-06T00:00:00.000Z')).toMatchObject({ version: 2 });
    expect(aliasAt('2026-03-04T11:00:00.000Z')).toMatchObject({ version: null });
    expect(production()).toBe(2);
    expect(await rollback()).toMatchObject({ version: 1 });
    const history = await calls()['registry.history']({ modelName: 'pictures', alias: 'production' }, ada);
    expect(history.map((change) => change.version)).toEqual([1, 2, 1]);
  });
});
