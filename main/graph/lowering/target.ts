/**
 * `standard`: ONNX as specified, for every runtime. `cpu`: ONNX Runtime's CPU provider on this machine only; with a
 * block size it may name operators of ONNX Runtime's internal domain com.microsoft.nchwc.
 */
export type Provider = 'standard' | 'cpu';

export interface Target {
  readonly provider: Provider;
  /** Channels per block of the NCHWc layout: 16 with AVX-512, 8 otherwise; found by `compileBlockProbe`. */
  readonly blockSize?: 8 | 16;
}

export const STANDARD: Target = { provider: 'standard' };
