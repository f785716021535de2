/**
 * `standard`: ONNX as specified, for every runtime. `cpu`: ONNX Runtime's CPU provider on this machine only; with a
 * block size it may name operators of ONNX Runtime's internal domain com.microsoft.nchwc. `webgpu`: standard operators of
 * which ONNX Runtime's WebGPU provider computes as many as it can on the device.
 */
export type Provider = 'standard' | 'cpu' | 'webgpu';

export interface Target {
  readonly provider: Provider;
  /** Operators of our own domain are there (`native/`), for what takes the runtime many passes over memory. CPU only. */
  readonly native?: true;
  /** Channels per block of the NCHWc layout: 16 with AVX-512, 8 otherwise; found by `compileBlockProbe`. */
  readonly blockSize?: 8 | 16;
}

/** The CPU's lowering of a machine with these features. */
export const cpuTarget = ({ blockSize, native }: { blockSize: 8 | 16 | null; native: boolean }): Target => ({
  provider: 'cpu',
  ...(native ? { native } : {}),
  ...(blockSize === null ? {} : { blockSize }),
});

export const STANDARD: Target = { provider: 'standard' };
