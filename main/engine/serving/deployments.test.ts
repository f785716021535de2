import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import type { Deployment } from '../../contract/serving.ts';
import { Bundles } from '../bundles/index.ts';
import type { Caller } from '../core/context.ts';
import { buildServerProgram, openTrainedModels, SIZE, type TrainedModels } from '../trained-model.test-support.ts';
import { Deployments } from './index.ts';

const MODEL = 'small pictures';
/** An engine in a process of its own that starts the endpoints of a workspace and tells of the first. */
const ENGINE = `
  const at = (path) => import(${JSON.stringify(pathToFileURL(join(import.meta.dirname, '..')).href)} + path);
  const { openTrainedModels, SetClock } = await at('/trained-model.test-support.ts');
  const { Bundles } = await at('/bundles/index.ts');
  const { Deployments } = await at('/serving/index.ts');
  const models = openTrainedModels(new SetClock(), process.env.FOLDER);
  const { context, jobs, registry, shipping, samples } = models;
  const bundles = new Bundles(context, jobs, registry, shipping, samples, process.env.PROGRAM);
  const deployments = new Deployments(context, jobs, bundles, registry, samples, () => []);
  await deployments.restore();
  console.log(JSON.stringify(deployments.handlers['deployments.list']({}, { roles: [] })[0]));
`;

let program: string;
let prepared: string;
let models: TrainedModels;
let ada: Caller;
let bundles: Bundles;
let deployments: Deployments;
/** Bundles of the versions 1, 2 and 3. */
let digests: string[];

function openWorkspace(folder: string): void {
  models = openTrainedModels(systemClock, folder);
  bundles = new Bundles(models.context, models.jobs, models.registry, models.shipping, models.samples, program);
}
/** Registers a run as the next version and exports it; the digest of its bundle. */
async function exported(modelName: string, seed: number): Promise<string> {
  const runId = models.addRun(seed);
  const { version } = await models.registry.handlers['registry.register']({ runId, modelName, description: '' }, ada);
  const { jobId } = await bundles.handlers['bundles.export']({ modelName, version }, ada);
  return (await models.jobs.wait(jobId, 60_000)).subject.bundleDigest;
}
const calls = () => deployments.handlers;
const open = () =>
  new Deployments(
    models.context,
    models.jobs,
    bundles,
    models.registry,
    models.samples,
    () => ['saliency'],
    () => {
      throw new Error('A classifier has no embeddings.');
    },
  );
const endpoint = (name = 'live'): Deployment => {
  const found = (calls()['deployments.list']({}, ada) as Deployment[]).find((one) => one.endpoint === name);
  if (found === undefined) throw new Error(`No endpoint ${name}`);
  return found;
};
const deploy = async (version: number, port?: number, name = 'live') => {
  const input = { endpoint: name, bundleDigest: digests[version - 1], ...(port === undefined ? {} : { port }) };
  const { jobId } = await calls()['deployments.deploy'](input, ada);
  return models.jobs.wait(jobId, 60_000);
};
const rollback = async () => await calls()['deployments.rollback']({ endpoint: 'live' }, ada);
const until = async (condition: () => boolean, timeoutMs = 30_000) => {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Waited ${timeoutMs} ms in vain: ${JSON.stringify(endpoint())}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
const pixels = Array.from({ length: SIZE * SIZE }, (_, index) => (index * 7) % 256);
const body = (rows = 1) =>
  JSON.stringify({
    inputs: [{ name: 'image', datatype: 'UINT8', shape: [rows, SIZE, SIZE, 1], data: Array(rows).fill(pixels).flat() }],
  });
const infer = (text = body(), path = `/v2/models/${encodeURIComponent(MODEL)}/infer`) =>
  fetch(endpoint().url + path, { method: 'POST', body: text });
const versionOf = async (reply: Response) => ((await reply.json()) as { model_version: string }).model_version;
const actions = () => models.workspace.ledger.list({ limit: 100 }).map((entry) => entry.action);

/** Keeps asking until it is stopped; says what came back. */
function load(clients = 3) {
  const url = `${endpoint().url}/v2/models/${encodeURIComponent(MODEL)}/infer`;
  const answers: { status: number; version: string }[] = [];
  const failures: string[] = [];
  let going = true;
  const client = async () => {
    while (going) {
      try {
        const reply = await fetch(url, { method: 'POST', body: body(4) });
        if (reply.status === 200) answers.push({ status: 200, version: await versionOf(reply) });
        else failures.push(`${reply.status} ${await reply.text()}`);
      } catch (error) {
        failures.push(String((error as { cause?: unknown }).cause ?? error));
      }
    }
  };
  const running = Array.from({ length: clients }, client);
  return {
    answers,
    failures,
    until: (count: number) => until(() => answers.length >= count || failures.length > 0),
    stop: async () => {
      going = false;
      await Promise.all(running);
    },
  };
}

/** A workspace with three exported versions, made once; every test gets a copy. */
beforeAll(async () => {
  program = mkdtempSync(join(tmpdir(), 'model-server-'));
  prepared = mkdtempSync(join(tmpdir(), 'prepared-'));
  buildServerProgram(program);
  openWorkspace(prepared);
  ada = await models.addPerson('ada', ['researcher'], 'correct horse battery');
  digests = [];
  for (const seed of [1, 2, 3]) digests.push(await exported(MODEL, seed));
  await models.jobs.close();
  models.workspace.close();
}, 120_000);
afterAll(() => {
  for (const folder of [program, prepared]) rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'models-'));
  cpSync(prepared, folder, { recursive: true });
  openWorkspace(folder);
  deployments = open();
});
afterEach(async () => {
  await deployments.close();
  await models.close();
});

describe('a deployment', () => {
  it('answers real requests, with lines for curl that work', async () => {
    expect(await deploy(1)).toMatchObject({ state: 'FINISHED', error: null });
    const live = endpoint();
    expect(live).toMatchObject({ state: 'READY', version: 1, previousVersion: null, deployedBy: 'ada', error: null });
    expect(live.url).toBe(`http://127.0.0.1:${live.port}`);
    for (const { line } of live.curl) {
      const output = execFileSync('bash', ['-c', `${line.replace(/^curl/, 'curl -sS --fail')}`], { encoding: 'utf8' });
      expect(output.length).toBeGreaterThan(10);
    }
    expect(live.curl.some(({ line }) => line.includes('input-example.json'))).toBe(true);
    const reply = await infer();
    expect(reply.status).toBe(200);
    const { outputs } = (await reply.json()) as { outputs: { name: string; shape: number[]; data: number[] }[] };
    const probabilities = outputs.find(({ name }) => name === 'probabilities')!;
    expect(probabilities.shape).toEqual([1, 3]);
    expect(probabilities.data.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
    expect(actions()[0]).toBe('deployment.deployed');
    const { nodes } = models.workspace.lineage.around(digests[0], 'downstream');
    expect(nodes.map(({ kind }) => kind)).toContain('deployment');
  });

  it('sends an item of a dataset and shows what went over the wire', async () => {
    await deploy(1);
    const answer = await calls()['deployments.predict'](
      { endpoint: 'live', datasetDigest: models.datasetDigest, index: 5 },
      ada,
    );
    expect(answer).toMatchObject({ endpoint: 'live', version: 1, classes: ['circle', 'cross', 'square'] });
    expect(answer.probabilities).toHaveLength(3);
    expect(answer.probabilities[answer.predicted]).toBe(Math.max(...answer.probabilities));
    expect(JSON.parse(answer.request).inputs[0].data.at(-1)).toBe('… 20 more');
    expect(JSON.parse(answer.response).model_version).toBe('1');
    await expect(
      calls()['deployments.predict']({ endpoint: 'live', datasetDigest: models.datasetDigest, index: 999 }, ada),
    ).rejects.toMatchObject({ code: 'record.not_found' });
  });

  it('logs every request with the version that answered it', async () => {
    await deploy(1);
    await infer(body(2));
    await infer('{}');
    await until(() => endpoint().requests === 2);
    expect(endpoint()).toMatchObject({ requests: 2, failures: 1 });
    expect(endpoint().latencyP95Ms).toBeGreaterThan(0);
    const [bad, good] = await calls()['deployments.predictions']({ endpoint: 'live', limit: 10 }, ada);
    expect(good).toMatchObject({ version: 1, batchSize: 2, status: 200, bundleDigest: digests[0], error: null });
    expect(good.predicted).toHaveLength(2);
    expect(good.confidence[0]).toBeGreaterThan(1 / 3);
    expect(bad).toMatchObject({ status: 400, predicted: [] });
    expect(bad.error).toContain('"inputs"');
  });

  it('speaks the protocol', async () => {
    await deploy(2);
    const get = (path: string) => fetch(endpoint().url + path);
    const model = `/v2/models/${encodeURIComponent(MODEL)}`;
    expect(await (await get('/v2')).json()).toMatchObject({ extensions: ['binary_tensor_data'] });
    expect(await (await get('/v2/health/live')).json()).toEqual({ live: true });
    expect(await (await get('/v2/health/ready')).json()).toEqual({ ready: true });
    expect(await (await get(`${model}/versions/2/ready`)).json()).toEqual({ name: MODEL, ready: true });
    expect(await (await get(model)).json()).toMatchObject({ versions: ['2'], inputs: [{ datatype: 'UINT8' }] });
    expect((await get(`${model}/versions/1`)).status).toBe(404);
    expect((await get('/v2/models/other')).status).toBe(404);
    const generate = await infer('{"text_input": "So"}', `${model}/generate`);
    expect(generate.status).toBe(404);
    expect(await generate.text()).toContain('cannot go on with a text');
    expect((await infer('not json')).status).toBe(400);
    expect(await (await infer(body(), `${model}/versions/1/infer`)).json()).toEqual({
      error: `There is no model ${MODEL} version 1 here; this is ${MODEL} version 2.`,
    });
    const wrong = await infer(body().replace('UINT8', 'FP32'));
    expect(await wrong.json()).toEqual({ error: 'Input "image" has the datatype "FP32"; the model takes UINT8.' });
    const json = Buffer.from(
      JSON.stringify({
        id: 'mine',
        inputs: [
          {
            name: 'image',
            datatype: 'UINT8',
            shape: [1, SIZE, SIZE, 1],
            parameters: { binary_data_size: SIZE * SIZE },
          },
        ],
        outputs: [{ name: 'probabilities', parameters: { binary_data: true } }],
      }),
    );
    const binary = await fetch(`${endpoint().url}${model}/infer`, {
      method: 'POST',
      headers: { 'Inference-Header-Content-Length': String(json.length) },
      body: Buffer.concat([json, Buffer.from(pixels)]),
    });
    const bytes = Buffer.from(await binary.arrayBuffer());
    const length = Number(binary.headers.get('inference-header-content-length'));
    expect(JSON.parse(bytes.subarray(0, length).toString())).toMatchObject({ id: 'mine', model_version: '2' });
    const plain = (await (await infer()).json()) as { outputs: { name: string; data: number[] }[] };
    const expected = plain.outputs.find(({ name }) => name === 'probabilities')!.data;
    expect([0, 4, 8].map((offset) => bytes.readFloatLE(length + offset))).toEqual(expected);
  });
});

describe('switching', () => {
  it('drops no request, forwards or back', async () => {
    await deploy(1);
    const { processId, port } = endpoint();
    const clients = load();
    await clients.until(50);
    expect((await deploy(2)).error).toBeNull();
    await clients.until(clients.answers.length + 50);
    expect((await deploy(3)).error).toBeNull();
    await clients.until(clients.answers.length + 50);
    expect(await rollback()).toMatchObject({ version: 2, previousVersion: 1 });
    await clients.until(clients.answers.length + 50);
    expect(await rollback()).toMatchObject({ version: 1, previousVersion: null });
    await clients.until(clients.answers.length + 50);
    await clients.stop();
    expect(clients.failures).toEqual([]);
    expect(new Set(clients.answers.map(({ version }) => version))).toEqual(new Set(['1', '2', '3']));
    expect(endpoint()).toMatchObject({ processId, port });
    await expect(rollback()).rejects.toMatchObject({ code: 'registry.no_previous' });
    await until(() => endpoint().requests === clients.answers.length);
    expect(endpoint().failures).toBe(0);
    expect(actions().filter((action) => action === 'deployment.rolled_back')).toHaveLength(2);
  });

  it('moves to another port when asked, the old one answering until then', async () => {
    await deploy(1);
    const free = await freePort();
    expect((await deploy(2, free)).error).toBeNull();
    expect(endpoint()).toMatchObject({ port: free, version: 2 });
    expect(await versionOf(await infer())).toBe('2');
  });

  it('keeps the old version when the new bundle is damaged by one byte', async () => {
    await deploy(1);
    const file = join(bundles.folder(digests[1]), 'model.onnx');
    const bytes = readFileSync(file);
    bytes[100] ^= 1;
    writeFileSync(file, bytes);
    const job = await deploy(2);
    expect(job.error).toMatchObject({ code: 'bundle.damaged' });
    expect(job.error!.cause).toContain('model.onnx was altered');
    expect(endpoint()).toMatchObject({ state: 'READY', version: 1 });
    expect((await infer()).status).toBe(200);
    expect((await deploy(2, undefined, 'other')).error).toMatchObject({ code: 'bundle.damaged' });
  });

  it('refuses another model under the same name', async () => {
    await deploy(1);
    const bundleDigest = await exported('another', 9);
    expect(() => calls()['deployments.deploy']({ endpoint: 'live', bundleDigest }, ada)).toThrow(
      expect.objectContaining({ code: 'record.exists' }),
    );
  });
});

describe('a server', () => {
  it('that was killed is noticed and started again on its port', async () => {
    await deploy(1);
    const { processId, port } = endpoint();
    process.kill(processId!, 'SIGKILL');
    await until(() => endpoint().state === 'DEGRADED');
    expect(endpoint().error).toContain('SIGKILL');
    await until(() => endpoint().state === 'READY');
    expect(endpoint()).toMatchObject({ port, error: null, version: 1 });
    expect(endpoint().processId).not.toBe(processId);
    expect((await infer()).status).toBe(200);
  });

  it('that cannot come back says why, and comes back once its bundle is whole again', async () => {
    await deploy(1);
    const file = join(bundles.folder(digests[0]), 'model.onnx');
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(1));
    process.kill(endpoint().processId!, 'SIGKILL');
    await until(() => endpoint().error?.includes('model.onnx was altered') ?? false);
    expect(endpoint()).toMatchObject({ state: 'DEGRADED', url: null, processId: null });
    writeFileSync(file, whole);
    await until(() => endpoint().state === 'READY');
  });

  it('does not outlive an engine that was killed, and comes back with the next one', async () => {
    await deploy(1);
    await deployments.close();
    models.workspace.close();
    const engine = spawn(process.execPath, ['--input-type=module', '-e', ENGINE], {
      env: { ...process.env, FOLDER: models.folder, PROGRAM: program },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const served = await new Promise<Deployment>((resolve, reject) => {
      createInterface(engine.stdout).once('line', (line) => resolve(JSON.parse(line)));
      engine.once('exit', (code) => reject(new Error(`The engine ended with ${code}`)));
    });
    expect(served).toMatchObject({ state: 'READY', version: 1 });
    expect((await fetch(`${served.url}/v2/health/ready`)).status).toBe(200);
    engine.kill('SIGKILL');
    const end = performance.now() + 5000;
    while (isAlive(served.processId!) && performance.now() < end)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isAlive(served.processId!)).toBe(false);
    openWorkspace(models.folder);
    deployments = open();
    await deployments.restore();
    expect(endpoint()).toMatchObject({ state: 'READY', version: 1 });
  });

  it('is stopped and started, and says so in the ledger', async () => {
    await deploy(1);
    const { url, port } = endpoint();
    expect(await calls()['deployments.stop']({ endpoint: 'live' }, ada)).toMatchObject({ state: 'STOPPED', url: null });
    await expect(fetch(`${url}/v2/health/live`)).rejects.toThrow();
    await expect(
      calls()['deployments.predict']({ endpoint: 'live', datasetDigest: models.datasetDigest, index: 0 }, ada),
    ).rejects.toMatchObject({ code: 'deployment.not_ready' });
    const { jobId } = await calls()['deployments.start']({ endpoint: 'live' }, ada);
    expect(await models.jobs.wait(jobId, 60_000)).toMatchObject({ state: 'FINISHED' });
    expect(endpoint()).toMatchObject({ state: 'READY', port });
    expect(actions().slice(0, 3)).toEqual(['deployment.started', 'deployment.stopped', 'deployment.deployed']);
  });

  it('comes back with the engine when it was to run, on the port it had, and only then', async () => {
    await deploy(1);
    await deploy(2, undefined, 'second');
    await calls()['deployments.stop']({ endpoint: 'second' }, ada);
    const { port, processId } = endpoint();
    await deployments.close();
    await until(() => !isAlive(processId!));
    deployments = open();
    expect(endpoint()).toMatchObject({ state: 'STOPPED', version: 1 });
    await deployments.restore();
    expect(endpoint()).toMatchObject({ state: 'READY', version: 1, port });
    expect(endpoint('second').state).toBe('STOPPED');
    expect(await versionOf(await infer())).toBe('1');
  });

  it('takes another port when its own was taken meanwhile, unless a person fixed it', async () => {
    await deploy(1);
    const { port } = endpoint();
    await deployments.close();
    const squatter = createServer().listen(port!, '127.0.0.1');
    await new Promise((resolve) => squatter.once('listening', resolve));
    deployments = open();
    await deployments.restore();
    expect(endpoint().state).toBe('READY');
    expect(endpoint().port).not.toBe(port);
    const job = await deploy(1, port!, 'fixed');
    expect(job.error).toMatchObject({ code: 'deployment.port_in_use' });
    await new Promise((resolve) => squatter.close(resolve));
    expect((await deploy(1, port!, 'fixed')).error).toBeNull();
  });

  it('stays responsive while the model computes', async () => {
    await deploy(1);
    const { url } = endpoint();
    const busy = load(2);
    const slow: number[] = [];
    for (let ask = 0; ask < 20; ask++) {
      const begin = performance.now();
      expect((await fetch(`${url}/v2/health/live`)).status).toBe(200);
      slow.push(performance.now() - begin);
    }
    await busy.stop();
    expect(busy.failures).toEqual([]);
    expect(slow.toSorted((a, b) => a - b)[10]).toBeLessThan(500);
  });
});

function isAlive(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
