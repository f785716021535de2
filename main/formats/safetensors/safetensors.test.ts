import { describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from './safetensors.ts';

describe('safetensors', () => {
  const file = writeSafetensors(
    [
      ['weight', { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, Math.fround(0.1)) }],
      ['bias', { shape: [], data: Float32Array.of(-0) }],
      ['indices', { shape: [2], data: Int32Array.of(-7, 2 ** 31 - 1) }],
    ],
    { step: '7' },
  );

  it('reads back what it wrote, to the bit', () => {
    const { tensors, metadata } = readSafetensors(Buffer.from(file), 'a');
    expect(metadata).toEqual({ step: '7' });
    expect([...tensors.keys()]).toEqual(['weight', 'bias', 'indices']);
    expect(tensors.get('weight')).toEqual({ shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, Math.fround(0.1)) });
    expect(tensors.get('indices')?.data).toEqual(Int32Array.of(-7, 2 ** 31 - 1));
    expect(Object.is(tensors.get('bias')?.data[0], -0)).toBe(true);
  });

  it('puts the data at a multiple of eight bytes, as the format asks', () => {
    expect(Number(new DataView(file.buffer).getBigUint64(0, true)) % 8).toBe(0);
  });

  it('refuses cut and foreign files', () => {
    expect(() => readSafetensors(file.subarray(0, file.length - 1), 'a')).toThrow(/indices/);
    expect(() => readSafetensors(file.subarray(0, 5), 'a')).toThrow(/too short/);
    const broken = file.slice();
    broken[8] = 0x21;
    expect(() => readSafetensors(broken, 'a')).toThrow(/no JSON/);
  });
});
