export type { ReferenceModel, Shipping, ShippingModel, TensorValue } from './shipping.ts';
