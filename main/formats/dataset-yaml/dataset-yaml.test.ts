import { describe, expect, it } from 'vitest';
import { type DatasetMetadata, readDatasetYaml, writeDatasetYaml } from './dataset-yaml.ts';

const metadata: DatasetMetadata = {
  name: 'digits: all',
  version: 2,
  source: '/data/mnist',
  rows: 70_000,
  license: 'CC-BY-SA-3.0',
  schema: [
    { name: 'image', type: 'image' },
    { name: 'label', type: 'category', categories: ['0', '1', 'no'], nullable: true },
  ],
  splits: { train: 60_000, test: 10_000 },
};

describe('dataset yaml', () => {
  it('reads what it wrote, words that look like numbers or booleans included', () => {
    expect(readDatasetYaml(writeDatasetYaml(metadata))).toEqual(metadata);
    expect(writeDatasetYaml(metadata).split('\n').slice(0, 4)).toEqual([
      'name: "digits: all"',
      'version: 2',
      'source: /data/mnist',
      'rows: 70000',
    ]);
  });

  const base = 'name: a\nversion: 1\nsource: b\nrows: 3\nschema:\n  - name: x\n    type: number\n';
  it.each([
    ['unknown key', `${base}licence: MIT\n`, 8, 'Did you mean "license"?'],
    ['unknown key of a column', `${base}    kind: y\n`, 8, 'name'],
    ['wrong type', base.replace('rows: 3', 'rows: many'), 4, 'Correct the value.'],
    ['missing key', base.replace('source: b\n', ''), 1, 'Add "source: …".'],
    ['column without a type', base.replace('    type: number\n', ''), 6, 'Add "type: …".'],
    ['bad syntax', `${base}digest: [1, 2\n`, 9, 'Correct the YAML.'],
    ['a key twice', `${base}name: c\n`, 8, 'Correct the YAML.'],
    ['no map at all', '- 1\n', 1, 'name'],
  ])('names the line of %s', (_, text, line, suggestion) => {
    expect(() => readDatasetYaml(text)).toThrow(
      expect.objectContaining({
        place: { path: 'dataset.yaml', line },
        suggestion: expect.stringContaining(suggestion),
      }),
    );
  });
});
