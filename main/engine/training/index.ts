export type { Experiments } from './experiments.ts';
export type { TrainingDatasets, TrainingLabels } from './plan.ts';
export type { RunRecords } from './run-records.ts';
export type { InputLayout, ReferenceModel, Shipping, ShippingModel, TensorValue } from './shipping.ts';
export { Training, type TrainingNeighbours } from './training.ts';
