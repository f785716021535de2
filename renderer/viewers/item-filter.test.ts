import { describe, expect, it } from 'vitest';
import type { ItemFilter } from '../../main/contract/datasets.ts';
import { conditionCount, itemFilterFromSearch, itemFilterToSearch, writeItemFilter } from './item-filter.ts';

const read = (text: string) => itemFilterFromSearch(new URLSearchParams(text));

describe('the filter in the address', () => {
  it('comes back as it went', () => {
    const filter: ItemFilter = {
      splits: ['train', 'test'],
      labels: [-1, 3],
      flags: ['near_duplicate'],
      runId: 'run_01abc',
      predicted: [5],
      correct: false,
      minimumConfidence: 0.5,
      maximumConfidence: 0.95,
      search: 'a b&c=d',
      sort: 'confidence_descending',
    };
    expect(read(itemFilterToSearch(filter))).toEqual(filter);
  });

  it('reads what another screen links to', () => {
    expect(read('runId=run_1&labels=3&predicted=5')).toEqual({
      runId: 'run_1',
      labels: [3],
      predicted: [5],
      sort: 'index',
    });
  });

  it('drops what makes no sense and keeps the rest', () => {
    expect(read('splits=train,nonsense&labels=x&minimumConfidence=7&correct=maybe&predicted=2')).toEqual({
      predicted: [2],
      sort: 'index',
    });
  });

  it('leaves out defaults and keeps other parameters', () => {
    const search = new URLSearchParams('tab=items&labels=1');
    writeItemFilter(search, { sort: 'index', labels: [], search: '' });
    expect(search.toString()).toBe('tab=items');
  });

  it('counts conditions', () => {
    expect(conditionCount(read('labels=1&splits=test&sort=name'))).toBe(2);
  });
});
