import { beforeAll, describe, expect, it } from 'vitest';
import { openStudio } from './engine-studio.test-support.ts';

const studio = openStudio();
let teacher: string;
const config = (model: string, more = '') => `
task: table-classification
data: { dataset: penguins, batchSize: 32 }
model: ${model}
optimizer: { kind: adamw, learningRate: 0.01 }
training: { epochs: 6 }
threads: 1
${more}`;
const loss = (teaching: string) => `loss: { kind: distillation, ${teaching} }\n`;
beforeAll(async () => {
  await studio.sample('penguins');
  teacher = await studio.train(config('{ kind: mlp, hidden: [32] }'));
});

const testOf = async (runId: string) =>
  (await studio.call('evaluation.list', { runId })).find(({ split }) => split === 'test')?.classification;

describe('a student of a trained model', () => {
  it('learns from the teacher alone, outlives it, registers and ships without it', async () => {
    await studio.call('registry.register', { runId: teacher, modelName: 'teacher', description: '' });
    const yaml = config('{ kind: mlp, hidden: [16] }', loss('teacher: teacher@1, hardShare: 0, temperature: 3'));
    const { diagnostics, summary } = await studio.call('training.validate', { yaml });
    expect(diagnostics).toEqual([]);
    const runId = await studio.train(yaml);
    const { run } = await studio.call('runs.get', { runId });
    expect(run.parameters).toBe(summary?.parameters);
    expect(run.parameters).toBeLessThan((await studio.call('runs.get', { runId: teacher })).run.parameters);
    expect((await testOf(runId))?.accuracy).toBeGreaterThan(0.9);
    const { edges } = await studio.call('lineage.get', { digest: runId, direction: 'upstream' });
    expect(edges.filter(({ relation }) => relation === 'teacher of')).toHaveLength(1);
    expect((await studio.served(runId, 'student')).parity).toMatchObject({ passed: true });
  });

  it('keeps the weights of its teacher, whose run may go', async () => {
    const short = await studio.train(config('{ kind: mlp, hidden: [8] }'));
    const runId = await studio.train(config('{ kind: mlp, hidden: [4] }', loss(`teacher: ${short}`)));
    await studio.call('runs.delete', { runIds: [short] });
    const { jobId } = await studio.call('evaluation.start', { runId, split: 'test' });
    await studio.ended(jobId);
  });

  it('says who cannot be a teacher, and why', async () => {
    const problemsOf = async (model: string, more: string) =>
      (await studio.call('training.validate', { yaml: config(model, more) })).diagnostics.map(
        ({ path, message }) => `${path}: ${message}`,
      );
    const dense = '{ kind: mlp, hidden: [4] }';
    expect(await problemsOf(dense, loss('teacher: nobody'))).toEqual([
      'loss.teacher: There is no run and no registered model called nobody.',
    ]);
    expect(await problemsOf('{ kind: embedding_mlp, hidden: [4] }', loss(`teacher: ${teacher}`))).toEqual([
      `model.kind: A embedding_mlp reads the columns of a table in another way than ${teacher} does.`,
    ]);
    const fewer = config(dense, loss(`teacher: ${teacher}`)).replace('batchSize', 'features: [Island, Sex], batchSize');
    expect((await studio.call('training.validate', { yaml: fewer })).diagnostics[0]?.message).toContain(
      'A student sees what its teacher sees',
    );
    await studio.sample('bird-strikes');
    const other = await studio.train(
      config(dense).replace('penguins', 'bird-strikes').replace('epochs: 6', 'epochs: 1'),
    );
    expect((await problemsOf(dense, loss(`teacher: ${other}`)))[0]).toContain(
      'learned from bird-strikes@1, not from penguins@1',
    );
  });
});
