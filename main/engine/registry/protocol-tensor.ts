import { datatypeOfElement, type Tensor } from '../../formats/open-inference/datatype.ts';
import type { TensorValue } from '../training/index.ts';

/** A tensor under the name of an input, as the Open Inference Protocol sends it. */
export function toProtocolTensor(name: string, { dtype, dims, data }: TensorValue): Tensor {
  const datatype = datatypeOfElement(dtype);
  if (datatype === undefined) throw new Error(`${dtype} has no datatype of the Open Inference Protocol`);
  return { name, datatype, shape: dims, data };
}
