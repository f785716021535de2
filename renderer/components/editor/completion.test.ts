import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { runConfig } from '../../../main/contract/run-config.ts';
import { complete, hover } from './completion.ts';
import type { JsonSchema } from './json-schema.ts';
import { valueAt, withValue } from './yaml-cursor.ts';

const schema = z.toJSONSchema(runConfig, { io: 'input' }) as JsonSchema;

/** The completions at `|`. */
function at(marked: string, known = {}) {
  const offset = marked.indexOf('|');
  return complete(marked.replace('|', ''), offset, schema, known);
}
const labels = (marked: string, known = {}) => at(marked, known).items.map(({ label }) => label);

describe('keys', () => {
  test('at the top, without those already written, the required ones ranked first', () => {
    const list = at('task: image-classification\n|\nseed: 3\n');
    const names = list.items.map(({ label }) => label);
    expect(names).toContain('optimizer');
    expect(names).not.toContain('task');
    expect(names).not.toContain('seed');
    const rank = (label: string) => list.items.find((item) => item.label === label)?.rank ?? 999;
    expect(rank('model')).toBeLessThan(rank('optimizer'));
  });

  test('in an empty object on the next line', () => {
    expect(labels('model:\n  |\nseed: 1\n')).toContain('kind');
  });

  test('follow the kind that is written', () => {
    expect(labels('model:\n  kind: cnn\n  po|\nseed: 1')).toContain('poolEvery');
    expect(labels('model:\n  kind: mlp\n  |\nseed: 1')).not.toContain('poolEvery');
    expect(labels('optimizer:\n  kind: sgd\n  |')).toEqual([
      ...['learningRate', 'momentum', 'nesterov', 'weightDecay'],
      ...['parameterGroups', 'weightDecayExclusions'],
    ]);
    expect(labels('optimizer:\n  kind: sgd\n  parameterGroups:\n    - |')).toContain('learningRateFactor');
    expect(labels('augmentation:\n  kind: image\n  |')).toContain('cutmix');
    expect(labels('augmentation:\n  kind: text\n  |')).not.toContain('cutmix');
  });

  test('inside the items of a list and in flow style', () => {
    expect(labels('model:\n  kind: sequential\n  layers:\n    - kind: conv2d\n      |')).toContain('stride');
    expect(labels('model:\n  kind: sequential\n  layers:\n    - { kind: conv2d, | }')).toContain('channels');
  });

  test('bring their default, keep an existing colon, open an object', () => {
    const find = (marked: string, label: string) => at(marked).items.find((item) => item.label === label)?.insertText;
    expect(find('data:\n  dataset: x\n  |', 'batchSize')).toBe('batchSize: 64$0');
    expect(find('data:\n  dataset: x\n  ba|tchSize: 3', 'batchSize')).toBe('batchSize');
    expect(find('|', 'optimizer')).toBe('optimizer:\n  kind: $0');
    expect(find('training:\n  |', 'earlyStopping')).toBe('earlyStopping:\n    $0');
    expect(find('model:\n  kind: cnn\n  |', 'hidden')).toBe('hidden: [128]$0');
  });
});

describe('values', () => {
  test('of an enumeration, a discriminator and a boolean', () => {
    expect(labels('task: |').slice(0, 3)).toEqual(['image-classification', 'table-classification', 'table-regression']);
    expect(labels('model:\n  kind: |').slice(0, 4)).toEqual(['mlp', 'cnn', 'resnet', 'sequential']);
    expect(labels('optimizer:\n  kind: sgd\n  nesterov: |')).toEqual(['true', 'false']);
  });

  test('of the workspace come first', () => {
    const known = { 'data.dataset': [{ value: 'digits@1', detail: '70 000 images' }] };
    expect(labels('data:\n  dataset: |', known)).toEqual(['digits@1']);
  });

  test('replace the whole word', () => {
    const list = at('model:\n  kind: res|net\n');
    expect([list.from, list.to]).toEqual([15, 21]);
  });

  test('none in a comment', () => {
    expect(labels('# model: |')).toEqual([]);
  });
});

describe('hover', () => {
  const text = 'model:\n  kind: cnn\n  poolEvery: 2\noptimizer:\n  learningRate: 0.01\n';

  test('explains a key of the chosen branch', () => {
    const found = hover(text, text.indexOf('poolEvery') + 2, schema);
    expect(found?.paragraphs[0]).toBe('**model.poolEvery** — integer, at least 0, default 2');
    expect(found?.paragraphs[1]).toContain('2×2 max pool');
    expect(text.slice(found?.from, found?.to)).toBe('poolEvery');
  });

  test('lists the kinds of a union and what the chosen one is', () => {
    const found = hover(text, text.indexOf('model') + 1, schema);
    expect(found?.paragraphs[0]).toMatch(/^\*\*model\*\* — mlp \| cnn \| resnet \| sequential \| \w/);
    expect(found?.paragraphs).toContain('Convolutions, pooling, dense head (LeNet family)');
  });

  test('says nothing about an unknown key', () => {
    expect(hover('lerningRate: 1', 3, schema)).toBeNull();
  });
});

test('one value is replaced, comments stay', () => {
  const text = '# my run\ndata:\n  dataset: a # which\n';
  const changed = withValue(text, ['data', 'dataset'], 'digits@2');
  expect(changed).toBe('# my run\ndata:\n  dataset: digits@2 # which\n');
  expect(valueAt(changed, ['data', 'dataset'])).toBe('digits@2');
  expect(withValue('a: [', ['a'], 1)).toBe('a: [');
});
