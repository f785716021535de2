export { DatasetSamples } from './dataset-samples.ts';
export { drawingInputs, STEPS } from './drawing-inputs.ts';
export type { Signatures } from './promotions.ts';
export { toProtocolTensors } from './protocol-tensor.ts';
export type { InputTensors, RawSamples } from './raw-samples.ts';
export { Registry } from './registry.ts';
