/** The program that is inside every bundle, on a folder that holds nothing else of Lightbench. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { Bundles } from '../bundles/index.ts';
import { buildServerProgram, openTrainedModels } from '../trained-model.test-support.ts';

type Line = Readonly<Record<string, unknown>>;

let bundle: string;
let running: ChildProcess | undefined;

/** Starts the program; `lines` grows as it speaks. */
function start(...parameters: string[]) {
  const child = spawn(process.execPath, ['model-server.mjs', '--bundle', '.', '--port', '0', ...parameters], {
    cwd: bundle,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running = child;
  const lines: Line[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface(stream).on('line', (line) => lines.push(JSON.parse(line)));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const event = async (name: string): Promise<Line> => {
    for (;;) {
      const found = lines.find((line) => line.event === name);
      if (found !== undefined) return found;
      if (child.exitCode !== null) throw new Error(`It ended: ${JSON.stringify(lines)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return { child, lines, ended, event };
}
const example = () => readFileSync(join(bundle, 'input-example.json'));

beforeAll(async () => {
  const program = mkdtempSync(join(tmpdir(), 'model-server-'));
  buildServerProgram(program);
  const models = openTrainedModels(systemClock);
  const ada = await models.addPerson('ada', ['researcher'], 'correct horse battery');
  const bundles = new Bundles(models.context, models.jobs, models.registry, models.shipping, models.samples, program);
  const runId = models.addRun(1);
  await models.registry.handlers['registry.register']({ runId, modelName: 'pictures', description: '' }, ada);
  const { jobId } = await bundles.handlers['bundles.export']({ modelName: 'pictures', version: 1 }, ada);
  const job = await models.jobs.wait(jobId, 60_000);
  bundle = mkdtempSync(join(tmpdir(), 'server-'));
  cpSync(join(models.folder, job.subject.bundlePath), bundle, { recursive: true });
  await models.close();
  rmSync(program, { recursive: true });
  // What `npm install` would put there.
  symlinkSync(join(import.meta.dirname, '../../../node_modules'), join(bundle, 'node_modules'), 'dir');
});
afterEach(() => void running?.kill('SIGKILL'));
afterAll(() => rmSync(bundle, { recursive: true, force: true }));

describe('the server inside a bundle', () => {
  it('serves the bundle it lies in and writes every prediction as a line of JSON', async () => {
    const { event, child, ended } = start();
    const { url } = await event('ready');
    const reply = await fetch(`${url}/v2/models/pictures/infer`, { method: 'POST', body: example() });
    expect(reply.status).toBe(200);
    const prediction = await event('prediction');
    expect(prediction).toMatchObject({ modelName: 'pictures', version: 1, status: 200, batchSize: 1 });
    expect(prediction.id).toBe(reply.headers.get('x-prediction-id'));
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('lightbench_requests_total 1');
    expect(metrics).toContain('model="pictures",version="1"');
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  it('answers what it has taken before it ends', async () => {
    const { event, child, ended } = start();
    const { url } = await event('ready');
    const one = JSON.parse(example().toString()).inputs[0];
    const rows = 20_000;
    const body = JSON.stringify({
      inputs: [{ ...one, shape: [rows, ...one.shape.slice(1)], data: Array(rows).fill(one.data).flat() }],
      outputs: [{ name: 'probabilities' }],
    });
    const replies = Array.from({ length: 4 }, () =>
      fetch(`${url}/v2/models/pictures/infer`, { method: 'POST', body }).then(async (reply) => {
        const text = await reply.text();
        return [reply.status, (JSON.parse(text) as { outputs: { shape: number[] }[] }).outputs[0].shape];
      }),
    );
    // The first answer shows that the others are on their way too.
    await Promise.race(replies);
    const begin = performance.now();
    child.kill('SIGTERM');
    expect(await Promise.all(replies)).toEqual(Array(4).fill([200, [rows, 3]]));
    expect(await ended).toBe(0);
    expect(performance.now() - begin).toBeLessThan(5000);
  });

  it('refuses a bundle with one altered byte, and another bundle than the one asked for', async () => {
    const file = join(bundle, 'signature.json');
    const whole = readFileSync(file);
    const altered = Uint8Array.from(whole);
    altered[whole.length - 3] ^= 1;
    writeFileSync(file, altered);
    const damaged = start();
    expect(await damaged.ended).toBe(1);
    expect(damaged.lines).toMatchObject([{ event: 'failed', code: 'bundle.damaged' }]);
    expect(damaged.lines[0].cause).toContain('signature.json was altered');
    writeFileSync(file, whole);
    const other = start('--digest', '0'.repeat(64));
    expect(await other.ended).toBe(1);
    expect(other.lines).toMatchObject([{ event: 'failed', code: 'bundle.damaged' }]);
  });

  it('says that the port is taken', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => squatter.once('listening', resolve));
    const { port } = squatter.address() as { port: number };
    const refused = start('--port', String(port));
    expect(await refused.ended).toBe(1);
    expect(refused.lines).toMatchObject([{ event: 'failed', code: 'deployment.port_in_use' }]);
    squatter.close();
  });

  it('lets in only those who name this machine', async () => {
    const { event } = start();
    const { url } = await event('ready');
    const status = execFileSync('curl', [
      '-s',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      '-H',
      'Host: evil.example',
      `${url}/v2`,
    ]);
    expect(status.toString()).toBe('403');
  });

  it('explains itself', async () => {
    const help = execFileSync(process.execPath, ['model-server.mjs', '--help'], { cwd: bundle, encoding: 'utf8' });
    expect(help).toContain('--bundle');
    const wrong = start('--prot', '1');
    expect(await wrong.ended).toBe(1);
    expect(wrong.lines).toMatchObject([{ event: 'failed', code: 'request.invalid' }]);
  });
});
