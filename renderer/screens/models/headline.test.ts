import { expect, test } from 'vitest';
import { headlines } from './headline.ts';

test('test figures come first, and no more than asked for', () => {
  const found = headlines({ train_loss: 0.1, 'best.validation_loss': 0.2, 'test.accuracy': 0.987, 'test.other': 1 }, 3);
  expect(found.map(({ key }) => key)).toEqual(['test.accuracy', 'best.validation_loss', 'test.other']);
  expect(found[0]).toEqual({ key: 'test.accuracy', title: 'Test accuracy', text: '98.70 %' });
  expect(headlines({}, 3)).toEqual([]);
});
