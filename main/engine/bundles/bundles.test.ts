import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Bundle } from '../../contract/serving.ts';
import type { Caller } from '../core/context.ts';
import { buildServerProgram, openTrainedModels, SetClock, type TrainedModels } from '../trained-model.test-support.ts';
import { Bundles } from './index.ts';

let program: string;
let clock: SetClock;
let models: TrainedModels;
let ada: Caller;
let bundles: Bundles;

const register = async (seed = 1) =>
  await models.registry.handlers['registry.register'](
    { runId: models.addRun(seed), modelName: 'small pictures', description: 'A test' },
    ada,
  );
const exportIt = async (version = 1) => {
  const { jobId } = await bundles.handlers['bundles.export']({ modelName: 'small pictures', version }, ada);
  return models.jobs.wait(jobId, 60_000);
};
const exported = async (): Promise<Bundle> => {
  const job = await exportIt();
  expect(job.error).toBeNull();
  return bundles.get(job.subject.bundleDigest);
};
const path = (...parts: string[]) => join(models.folder, ...parts);
const open = () => new Bundles(models.context, models.jobs, models.registry, models.shipping, models.samples, program);

beforeAll(() => {
  program = mkdtempSync(join(tmpdir(), 'model-server-'));
  buildServerProgram(program);
});
afterAll(() => rmSync(program, { recursive: true, force: true }));
beforeEach(async () => {
  clock = new SetClock();
  models = openTrainedModels(clock);
  ada = await models.addPerson('ada', ['researcher'], 'correct horse battery');
  bundles = open();
  await register();
});
afterEach(() => models.close());

describe('an export', () => {
  it('is a folder whose checksums hold, with a certificate of parity', async () => {
    const bundle = await exported();
    expect(bundle.path).toBe(`bundles/small-pictures-v1-${bundle.digest.slice(0, 12)}`);
    expect(readdirSync(path(bundle.path)).toSorted()).toEqual([
      'README.md',
      'bundle.json',
      'checksums.txt',
      'input-example.json',
      'labels.json',
      'lineage.json',
      'metrics.json',
      'model-card.md',
      'model-server.mjs',
      'model.onnx',
      'package.json',
      'parity.json',
      'sbom.cdx.json',
      'signature.json',
      'third-party-notices.txt',
    ]);
    execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'checksums.txt'], { cwd: path(bundle.path) });
    const checksums = readFileSync(path(bundle.path, 'checksums.txt'));
    expect(createHash('sha256').update(checksums).digest('hex')).toBe(bundle.digest);
    expect(bundle.parity).toMatchObject({ passed: true, tolerance: 1e-5 });
    expect(bundle.parity.checks.map((check) => [check.batchSize, check.samples, check.classAgreement])).toEqual([
      [1, 64, 1],
      [7, 64, 1],
      [64, 64, 1],
    ]);
    expect(bundle.parity.maxAbsDiff).toBeLessThan(1e-6);
    expect(models.workspace.ledger.list({ limit: 1 })[0]).toMatchObject({ action: 'bundle.exported', actor: 'ada' });
    const lineage = models.workspace.lineage.around(bundle.digest, 'upstream');
    expect(lineage.nodes.map(({ kind }) => kind).toSorted()).toEqual([
      'bundle',
      'checkpoint',
      'dataset',
      'model_version',
      'run',
    ]);
    expect(models.registry.version('small pictures', 1).bundleDigest).toBe(bundle.digest);
  });

  it('says what the model is and asks what only people know', async () => {
    const bundle = await exported();
    const card = readFileSync(path(bundle.path, 'model-card.md'), 'utf8');
    expect(card).toContain('# small pictures, version 1');
    expect(card).toContain('| cross | 0.875 | 0.875 | 0.875 | 0.96 | 8 |');
    expect(card).toContain('**pictures@1**');
    expect(card).toContain('Licence of the data: CC0-1.0.');
    expect(card.match(/To be written by the people responsible/g)?.length).toBeGreaterThanOrEqual(5);
  });

  it('lists the model, the data and every package in its bill of materials', async () => {
    const bundle = await exported();
    const bom = JSON.parse(readFileSync(path(bundle.path, 'sbom.cdx.json'), 'utf8'));
    expect(bom).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6' });
    expect(bom.metadata.component).toMatchObject({ type: 'machine-learning-model', name: 'small pictures' });
    expect(bom.metadata.component.modelCard.modelParameters.datasets).toEqual([{ ref: 'dataset' }]);
    const named = new Map<string, { licenses: unknown; hashes: unknown; version: string }>(
      bom.components.map((one: { name: string }) => [one.name, one]),
    );
    for (const name of ['fastify', 'zod', 'onnxruntime-node', 'onnxruntime-common'])
      expect(named.get(name)).toMatchObject({ licenses: [{ license: { id: 'MIT' } }], hashes: [{ alg: 'SHA-512' }] });
    expect(named.has('pictures')).toBe(true);
    const references = bom.components.map((one: { 'bom-ref': string }) => one['bom-ref']);
    expect(new Set(references).size).toBe(references.length);
  });

  it('is an archive too, and the same bytes every time', async () => {
    const bundle = await exported();
    const zip = readFileSync(path(bundle.zipPath));
    const entries = unzipSync(zip);
    expect(Object.keys(entries)).toHaveLength(bundle.files.length);
    for (const file of bundle.files)
      expect(createHash('sha256').update(entries[`small-pictures-v1/${file.path}`]).digest('hex')).toBe(file.sha256);
    rmSync(path('bundles'), { recursive: true });
    clock.set('2027-01-01T00:00:00.000Z');
    const again = await exported();
    expect(again.digest).toBe(bundle.digest);
    expect(readFileSync(path(again.zipPath)).equals(zip)).toBe(true);
    const reply = await bundles.assetHandlers['bundles.zip']({ digest: bundle.digest }, ada);
    expect(Buffer.from(reply.bytes).equals(zip)).toBe(true);
  });

  it('is refused, with nothing left behind, when the graph that ships answers otherwise', async () => {
    const honest = models.shipping.ship('run_000001').onnx;
    // One weight among the constants of the graph, changed by a little.
    models.alter((shipped) => ({ ...shipped, onnx: nudged(honest) }));
    await register(2);
    models.alter((shipped) => shipped);
    const job = await exportIt(2);
    expect(job.state).toBe('FAILED');
    expect(job.error).toMatchObject({ code: 'bundle.parity_failed' });
    const { certificate, worst } = job.error!.details as { certificate: Bundle['parity']; worst: unknown[] };
    expect(certificate.passed).toBe(false);
    expect(certificate.maxAbsDiff).toBeGreaterThan(1e-5);
    expect(worst).toHaveLength(10);
    expect(existsSync(path('bundles')) ? readdirSync(path('bundles')) : []).toEqual([]);
    expect(bundles.handlers['bundles.list']({}, ada)).toEqual([]);
    expect(models.workspace.ledger.list({ limit: 1 })[0].action).toBe('bundle.refused');
  });

  it('is refused when the registered graph was damaged on the disk', async () => {
    const { onnxDigest } = models.registry.version('small pictures', 1);
    const file = models.workspace.artifacts.path(onnxDigest);
    writeFileSync(file, flipped(readFileSync(file), 200));
    expect((await exportIt()).error).toMatchObject({ code: 'workspace.damaged' });
  });

  it('cannot be half there: what a killed export left is removed at the next start', async () => {
    const { path: kept } = await exported();
    const leftover = path('bundles', '.incoming-job_x');
    writeFileSync(leftover, 'half');
    bundles = open();
    expect(existsSync(leftover)).toBe(false);
    expect(existsSync(path(kept, 'model.onnx'))).toBe(true);
  });
});

describe('verifying', () => {
  it('finds one changed byte in any file, and an export repairs it', async () => {
    const bundle = await exported();
    const verify = () => bundles.handlers['bundles.verify']({ digest: bundle.digest }, ada);
    expect(await verify()).toEqual({ intact: true, problems: [] });
    for (const { path: file } of bundle.files) {
      const target = path(bundle.path, file);
      const whole = readFileSync(target);
      writeFileSync(target, flipped(whole, 10));
      const found = await verify();
      expect(found.intact).toBe(false);
      expect(found.problems.join()).toContain(file);
      if (file !== 'model.onnx') writeFileSync(target, whole);
    }
    expect((await exported()).digest).toBe(bundle.digest);
    expect(await verify()).toMatchObject({ intact: true });
  });

  it('finds a missing file', async () => {
    const bundle = await exported();
    rmSync(path(bundle.path, 'model-card.md'));
    expect(await bundles.verify(bundle.digest)).toEqual(['model-card.md is missing.']);
  });
});

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] ^= 1;
  return copy;
}

/** The graph with its longest run of weights shifted: float32 constants lie as plain bytes in an ONNX file. */
function nudged(onnx: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(onnx);
  const view = new DataView(copy.buffer);
  // 16 × 36 weights of the first layer dominate the file: its middle lies inside of them.
  for (let offset = Math.floor(copy.length / 2); offset < Math.floor(copy.length / 2) + 64; offset++) {
    const value = view.getFloat32(offset, true);
    if (Math.abs(value) > 1e-3 && Math.abs(value) < 1) {
      view.setFloat32(offset, value + 0.05, true);
      return copy;
    }
  }
  throw new Error('No weight was found in the graph');
}
