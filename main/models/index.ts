/** Architectures as plain data: `buildModel(spec, input, output)` yields what the compiler of `graph` takes. */
export type { Model } from './build-model.ts';
export { buildModel } from './build-model.ts';
export type {
  ActivationName,
  ArchitectureSpec,
  InputSignature,
  LayerSpec,
  OutputSignature,
} from './specification.ts';
