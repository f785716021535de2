import { GraphError } from '../../graph/index.ts';
import type { InputSignature } from '../specification.ts';

export type ImageSignature = Extract<InputSignature, { kind: 'image' }>;

/** @throws GraphError if the input is no image, or its sides cannot be halved so often */
export function imageInput(input: InputSignature, halvings: number, model: string): ImageSignature {
  if (input.kind !== 'image')
    throw new GraphError('unsupported', `A ${model} draws images; it cannot take ${input.kind}.`);
  const divisor = 2 ** halvings;
  if (input.height % divisor !== 0 || input.width % divisor !== 0) {
    throw new GraphError(
      'invalid-argument',
      `A ${model} of this depth needs sides divisible by ${divisor}, not ${input.height} x ${input.width}.`,
    );
  }
  return input;
}
