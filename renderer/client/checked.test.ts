import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checked } from './checked.ts';

const schema = z.array(z.object({ n: z.int() }));

describe('checking answers', () => {
  it('parses short answers whole', () => {
    expect(checked(schema, [{ n: 1, extra: 2 }])).toEqual({ success: true, data: [{ n: 1 }] });
    expect(checked(schema, [{ n: 1 }, { n: 'x' }]).success).toBe(false);
    expect(checked(schema, { n: 1 }).success).toBe(false);
  });

  it('gives back a long list that is right', () => {
    const list = Array.from({ length: 10_000 }, (_, n) => ({ n }));
    expect(checked(schema, list)).toEqual({ success: true, data: list });
  });

  it('refuses a long list of another form, first and last element included', () => {
    const wrong = (place: number) => Array.from({ length: 10_000 }, (_, n) => ({ n: n === place ? 'x' : n }));
    expect(checked(schema, wrong(0)).success).toBe(false);
    expect(checked(schema, wrong(9_999)).success).toBe(false);
    expect(
      checked(
        schema,
        Array.from({ length: 10_000 }, () => 'x'),
      ).success,
    ).toBe(false);
  });
});
