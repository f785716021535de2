import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineStudio } from './engine-studio.test-support.ts';

let studio: EngineStudio;
let call: EngineStudio['call'];
beforeAll(() => {
  studio = new EngineStudio();
  call = studio.call;
});
afterAll(() => studio.close());

describe('from composed scenes to a served model', () => {
  it('masks: pixels are learned, and the served model answers with the very mask of the evaluation', async () => {
    const { runId, datasetDigest, evaluations } = await studio.trained(
      'digit-scenes-masks',
      'segmentation-unet',
      (yaml) => yaml.replace('[16, 32, 64]', '[8, 16]').replace('epochs: 40', 'epochs: 4'),
    );
    const found = evaluations.find(({ split }) => split === 'test')?.segmentation;
    expect(found?.classes).toHaveLength(11);
    expect(found?.pixelAccuracy).toBeGreaterThan(0.9);
    const worst = found?.items[0].index ?? 0;
    const item = await call('evaluation.item', { runId, split: 'test', index: worst });
    expect(item).toMatchObject({ kind: 'masks', width: 64, height: 64 });
    if (item.kind === 'masks')
      expect([...Buffer.from(item.truth, 'base64')].some((value) => value > 0 && value < 11)).toBe(true);
    const { parity } = await studio.served(runId, 'scenes');
    expect(parity).toMatchObject({ passed: true });
    const answer = await call('deployments.predict', { endpoint: 'scenes', datasetDigest, index: worst });
    expect(answer.picture).toEqual({
      kind: 'mask',
      width: 64,
      height: 64,
      labels: item.kind === 'masks' ? item.predicted : '',
    });
  });

  it('boxes: digits are found, and the served model finds the same ones', async () => {
    const { runId, datasetDigest, evaluations } = await studio.trained(
      'digit-scenes-boxes',
      'detection-centers',
      (yaml) => yaml.replace('[16, 32, 64, 64]', '[8, 16, 32]').replace('epochs: 20', 'epochs: 12'),
    );
    const found = evaluations.find(({ split }) => split === 'test')?.detection;
    expect(found?.averagePrecision50).toBeGreaterThan(0.05);
    const index = found?.items.at(-1)?.index ?? 0;
    const item = await call('evaluation.item', { runId, split: 'test', index });
    if (item.kind !== 'boxes') throw new Error('The evaluation holds no boxes.');
    expect(item.truth.length).toBeGreaterThan(0);
    const { parity } = await studio.served(runId, 'boxes');
    expect(parity).toMatchObject({ passed: true });
    const { picture } = await call('deployments.predict', { endpoint: 'boxes', datasetDigest, index });
    if (picture?.kind !== 'boxes') throw new Error('The answer holds no boxes.');
    expect(picture.boxes.length).toBeGreaterThan(0);
    expect(picture.boxes.map(({ label }) => label).sort()).toEqual(item.predicted.map(({ label }) => label).sort());
  });
});

describe('from pairs of sequences to a served model', () => {
  it('spelling to phonemes: token ids go in, and the graph writes those of the answer by itself', async () => {
    const { runId, datasetDigest, evaluations } = await studio.trained('pronunciations', 'sequence-recurrent', (yaml) =>
      yaml
        .replace('hidden: 128', 'hidden: 32')
        .replace('embedding: 64', 'embedding: 16')
        .replace('epochs: 4', 'epochs: 1'),
    );
    const found = evaluations.find(({ split }) => split === 'test')?.sequence;
    expect(found?.pairs).toBe(12_683);
    expect(found?.tokenErrorRate).toBeLessThan(0.4);
    expect(found?.exactMatch).toBeGreaterThan(0.1);
    const { parity } = await studio.served(runId, 'speaker');
    expect(parity.passed).toBe(true);
    expect(parity.checks.map(({ classAgreement }) => classAgreement)).toEqual([1, 1, 1]);
    const filter = { splits: ['test' as const], sort: 'index' as const };
    const { indices } = await call('datasets.items', { digest: datasetDigest, filter });
    const rows = await call('datasets.rows', { digest: datasetDigest, indices: indices.slice(0, 1000) });
    const known = (found?.examples ?? []).flatMap(({ source, written }) => {
      const row = rows.find(({ values }) => values?.word === source);
      return row === undefined ? [] : [{ index: row.index, written }];
    });
    expect(known.length).toBeGreaterThan(3);
    for (const { index, written } of known.slice(0, 4)) {
      const answer = await call('deployments.predict', { endpoint: 'speaker', datasetDigest, index });
      expect(answer.text).toBe(written);
      expect(answer.numbers).toHaveLength(20);
    }
    const { signature } = await call('registry.get', { modelName: 'speaker', version: 1 });
    expect(signature.outputs).toMatchObject([
      {
        name: 'sequences',
        datatype: 'INT64',
        shape: [-1, 20],
        description: expect.stringContaining('targetVocabulary'),
      },
      { name: 'probabilities', datatype: 'FP32', shape: [-1, 20] },
    ]);
  });
});
