export { DatasetSamples } from './dataset-samples.ts';
export type { Signatures } from './promotions.ts';
export { toProtocolTensor } from './protocol-tensor.ts';
export type { InputLayout, RawSamples } from './raw-samples.ts';
export { Registry } from './registry.ts';
