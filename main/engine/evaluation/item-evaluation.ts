import { LightbenchError } from '../../contract/errors.ts';
import type { ItemEvaluation } from '../../contract/evaluation.ts';
import { readSafetensors, type SafetensorsEntry } from '../../formats/safetensors/safetensors.ts';

/**
 * Masks or boxes of one picture out of what an evaluation stored.
 *
 * Masks: `masks` and `truth`, uint8 [items, height, width]. Boxes: `boxes` float32 [boxes, 7] and `truth` float32
 * [boxes, 6], with `sizes` int32 [items, 2] of the pictures; each box the row of its item, class, left, top, width, height and, of the predicted ones, the score.
 *
 * @throws LightbenchError record.not_found, workspace.damaged
 */
export function itemEvaluation(bytes: Uint8Array, digest: string, index: number): ItemEvaluation {
  const { tensors } = readSafetensors(bytes, digest);
  const entry = (name: string): SafetensorsEntry => {
    const found = tensors.get(name);
    if (found !== undefined) return found;
    throw new LightbenchError('workspace.damaged', `The predictions ${digest} have no ${name}.`, {
      details: { digest },
    });
  };
  const row = Array.from(entry('indices').data, Number).indexOf(index);
  if (row < 0) throw new LightbenchError('record.not_found', `Item ${index} was not evaluated.`);
  const masks = tensors.get('masks');
  if (masks !== undefined) {
    const [, height, width] = masks.shape;
    const pick = ({ data }: SafetensorsEntry) =>
      Buffer.from(Uint8Array.from(data.subarray(row * height * width, (row + 1) * height * width), Number)).toString(
        'base64',
      );
    return { kind: 'masks', width, height, truth: pick(entry('truth')), predicted: pick(masks) };
  }
  if (!tensors.has('boxes'))
    throw new LightbenchError('record.not_found', 'The run says nothing of single pictures but their class.');
  const [width, height] = Array.from(entry('sizes').data.subarray(2 * row, 2 * row + 2), Number);
  return {
    kind: 'boxes',
    width,
    height,
    truth: rowsOf(entry('truth'), row).map(box),
    predicted: rowsOf(entry('boxes'), row).map((values) => ({ ...box(values), score: values[6] })),
  };
}

function rowsOf({ data, shape }: SafetensorsEntry, item: number): number[][] {
  const width = shape[1];
  const rows: number[][] = [];
  for (let start = 0; start < data.length; start += width)
    if (Number(data[start]) === item) rows.push(Array.from(data.subarray(start, start + width), Number));
  return rows;
}

function box([, label, x, y, width, height]: readonly number[]) {
  return { label, x, y, width, height };
}
