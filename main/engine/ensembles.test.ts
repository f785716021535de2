import { beforeAll, describe, expect, it } from 'vitest';
import { openStudio } from './engine-studio.test-support.ts';

const studio = openStudio();
let penguins: string;
const members: string[] = [];
const config = (model: string, more = '') => `
task: table-classification
data: { dataset: penguins, batchSize: 32 }
model: ${model}
optimizer: { kind: adamw, learningRate: 0.01 }
training: { epochs: 6 }
threads: 1
${more}`;
beforeAll(async () => {
  penguins = await studio.sample('penguins');
  for (const model of [
    '{ kind: mlp, hidden: [8] }',
    '{ kind: wide_and_deep, hidden: [8] }',
    '{ kind: mlp, hidden: [] }',
  ])
    members.push(await studio.train(config(model)));
});

const test = async (runId: string) =>
  (await studio.call('evaluation.list', { runId })).find(({ split }) => split === 'test');
const metricsOf = async (runId: string) => (await studio.call('runs.get', { runId })).run.metrics;

async function answerOf(url: string, name: string, data: readonly number[]): Promise<readonly number[]> {
  const body = { inputs: [{ name: 'table', datatype: 'FP32', shape: [1, data.length], data }] };
  const reply = await fetch(`${url}/v2/models/${name}/infer`, { method: 'POST', body: JSON.stringify(body) });
  const { outputs } = (await reply.json()) as { outputs: { name: string; data: number[] }[] };
  return outputs.find((output) => output.name === 'probabilities')?.data ?? [];
}

describe('an ensemble of trained models', () => {
  it('averages runs and registered models, registers, ships as one graph with parity, and answers like their mean', async () => {
    await studio.call('registry.register', { runId: members[1], modelName: 'wide', description: '' });
    const yaml = config(`{ kind: ensemble, members: [${members[0]}, wide@1] }`);
    const { diagnostics, summary } = await studio.call('training.validate', { yaml });
    expect(diagnostics).toEqual([]);
    const own = (await studio.call('runs.get', { runId: members[0] })).run.parameters;
    expect(summary?.parameters).toBeGreaterThan(own + 100);
    expect(summary?.layers.filter(({ kind }) => kind === 'EmbeddedColumns')).toHaveLength(1);
    const runId = await studio.train(yaml);
    const { run, checkpoints } = await studio.call('runs.get', { runId });
    expect(run).toMatchObject({ status: 'FINISHED', step: 0 });
    expect(checkpoints).toHaveLength(1);
    expect((await test(runId))?.classification?.accuracy).toBeGreaterThan(0.9);
    expect(run.metrics['test.accuracy']).toBe((await test(runId))?.classification?.accuracy);
    expect(run.metrics['best.validation_loss']).toBeGreaterThan(0);
    const { edges } = await studio.call('lineage.get', { digest: runId, direction: 'upstream' });
    expect(edges.filter(({ relation }) => relation === 'member of')).toHaveLength(2);

    const urls = await Promise.all(
      [runId, ...members.slice(0, 2)].map(async (id, index) => {
        const { parity, url } = await studio.served(id, `served-${index}`);
        expect(parity).toMatchObject({ passed: true });
        return url;
      }),
    );
    // Island, bill, flipper, mass, sex, as the dataset has them; then with gaps.
    const { signature } = await studio.call('registry.get', { modelName: 'served-0', version: 1 });
    expect(signature.inputs.map(({ name }) => name)).toEqual(['table']);
    for (const row of [[0, 39.1, 18.7, 181, 3750, 1], Array<number>(6).fill(7)]) {
      const [together, ...alone] = await Promise.all(urls.map((url, index) => answerOf(url, `served-${index}`, row)));
      expect(together).toHaveLength(3);
      together.forEach((value, place) => {
        expect(value).toBeCloseTo((alone[0][place] + alone[1][place]) / 2, 5);
      });
    }
  });

  it('stacks a layer that learns from the validation split alone', async () => {
    const runId = await studio.train(config(`{ kind: ensemble, combine: stacking, members: [${members.join(', ')}] }`));
    const { run, summary } = await studio.call('runs.get', { runId });
    expect(run.step).toBeGreaterThan(0);
    // Three members of three classes, and a bias.
    expect(summary.layers.find(({ name }) => name === 'combine')?.parameters).toBe(9 * 3 + 3);
    const dataset = (await studio.call('datasets.get', { digest: penguins })).splits;
    const count = dataset.find(({ split }) => split === 'validation')?.count ?? 0;
    const log = await studio.call('jobs.log', { id: run.jobId });
    const [, seen, judged] = /(\d+) items to train on, (\d+) to validate on/.exec(JSON.stringify(log)) ?? [];
    expect(Number(seen) + Number(judged)).toBe(count);
    expect(Number(seen)).toBeGreaterThan(Number(judged));
    const alone = await Promise.all(members.map(metricsOf));
    const worst = Math.min(...alone.map((metrics) => metrics['test.accuracy']));
    expect((await test(runId))?.classification?.accuracy).toBeGreaterThanOrEqual(worst);
    expect((await studio.served(runId, 'stacked')).parity).toMatchObject({ passed: true });
    // The member runs may go: their weights are part of the ensemble.
    await studio.call('runs.delete', { runIds: [members[2]] });
    const { jobId } = await studio.call('evaluation.start', { runId, split: 'test' });
    await studio.ended(jobId);
  });

  it('says what cannot be a member, and why', async () => {
    const problemsOf = async (model: string, more = '') =>
      (await studio.call('training.validate', { yaml: config(model, more) })).diagnostics.map(({ message }) => message);
    expect(await problemsOf(`{ kind: ensemble, members: [${members[0]}, nobody] }`)).toEqual([
      'There is no run and no registered model called nobody.',
    ]);
    expect(await problemsOf(`{ kind: ensemble, members: [${members[0]}] }`)).toHaveLength(1);
    const { config: resolved } = await studio.call('training.validate', {
      yaml: config(`{ kind: ensemble, members: [${members[0]}, ${members[1]}] }`),
    });
    const [first, second] = (resolved as unknown as { model: { checkpoints: string[] } }).model.checkpoints;
    const swapped = `{ kind: ensemble, members: [${members[0]}, ${members[1]}], checkpoints: [${second}, ${first}] }`;
    expect((await problemsOf(swapped))[0]).toContain('has no weights');
    await studio.sample('bird-strikes');
    const other = await studio.train(
      config('{ kind: mlp, hidden: [4] }').replace('penguins', 'bird-strikes').replace('epochs: 6', 'epochs: 1'),
    );
    expect((await problemsOf(`{ kind: ensemble, members: [${members[0]}, ${other}] }`))[0]).toContain(
      'learned from bird-strikes@1, not from penguins@1',
    );
  });
});
