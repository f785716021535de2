import { SAMPLES_PREFIX } from '../../contract/checkpoint.ts';
import type { SampleHistory } from '../../contract/training.ts';
import { readSafetensors } from '../../formats/safetensors/safetensors.ts';

/** What a run drew along the way, out of its last checkpoint; null where it draws nothing, or has not yet. */
export function sampleHistory(bytes: Uint8Array, digest: string): SampleHistory | null {
  const moments = [...readSafetensors(bytes, digest).tensors]
    .filter(([name]) => name.startsWith(SAMPLES_PREFIX))
    .map(([name, { shape, data }]) => ({ step: Number(name.slice(SAMPLES_PREFIX.length)), shape, data }))
    .sort((a, b) => a.step - b.step);
  const [first] = moments;
  if (first === undefined) return null;
  const [rows, columns, height, width, channels] = first.shape;
  return {
    rows,
    columns,
    height,
    width,
    channels,
    moments: moments.map(({ step, data }) => ({ step, pixels: Buffer.from(data as Uint8Array).toString('base64') })),
  };
}
