import { env, listSupportedBackends } from 'onnxruntime-node';

/** ONNX Runtime's execution providers that Lightbench knows, by its own names. */
export const providers = {
  cpu: { title: 'CPU', executionProviders: ['cpu'] },
  webgpu: { title: 'WebGPU', executionProviders: ['webgpu', 'cpu'] },
  cuda: { title: 'NVIDIA CUDA', executionProviders: ['cuda', 'cpu'] },
  dml: { title: 'DirectML', executionProviders: ['dml', 'cpu'] },
  coreml: { title: 'Apple Core ML', executionProviders: ['coreml', 'cpu'] },
} as const satisfies Record<string, { readonly title: string; readonly executionProviders: readonly string[] }>;

export type ProviderName = keyof typeof providers;

/** Which providers this build of ONNX Runtime was compiled with, and whether their libraries came with it. */
export function compiledProviders(): ReadonlyMap<string, { readonly bundled: boolean }> {
  return new Map(listSupportedBackends().map(({ name, bundled }) => [name, { bundled }]));
}

export function runtimeVersion(): string {
  return env.versions.node ?? env.versions.common;
}
