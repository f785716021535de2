import { expect, test } from 'vitest';
import type { DatasetVersion } from '../../../main/contract/datasets.ts';
import { findVersion, referenceOf } from './dataset-choice.ts';

const version = (name: string, number: number) =>
  ({ name, version: number, digest: `${name}${number}` }) as unknown as DatasetVersion;
const versions = [version('digits', 2), version('digits', 1), version('penguins', 1)];

test('a config names a version by digest, by name and number, or by name alone', () => {
  expect(findVersion(versions, 'digits1')).toBe(versions[1]);
  expect(findVersion(versions, 'digits@2')).toBe(versions[0]);
  expect(findVersion(versions, 'digits')).toBe(versions[0]);
  expect(findVersion(versions, 'digits@9')).toBeUndefined();
  expect(findVersion(versions, 7)).toBeUndefined();
  expect(referenceOf(versions[2] as DatasetVersion)).toBe('penguins@1');
});
