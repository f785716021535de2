import { datatypeOfElement, type Tensor } from '../../formats/open-inference/datatype.ts';
import type { InputTensors } from './raw-samples.ts';

/** Inputs as the Open Inference Protocol sends them. */
export function toProtocolTensors(inputs: InputTensors): Tensor[] {
  return Object.entries(inputs).map(([name, { dtype, dims, data }]) => {
    const datatype = datatypeOfElement(dtype);
    if (datatype === undefined) throw new Error(`${dtype} has no datatype of the Open Inference Protocol`);
    return { name, datatype, shape: dims, data };
  });
}
