import { env, type InferenceSession, listSupportedBackends } from 'onnxruntime-node';
import { decodeModel } from '../graph/index.ts';

type ExecutionProviders = readonly InferenceSession.ExecutionProviderConfig[];

interface Provider {
  readonly title: string;
  /** What a session on the provider is asked for; nodes that the provider cannot run go to the CPU. */
  readonly executionProviders: (onnx: Uint8Array) => ExecutionProviders;
}

/** ONNX Runtime's execution providers that Lightbench knows, by its own names. */
export const providers = {
  cpu: { title: 'CPU', executionProviders: () => ['cpu'] },
  webgpu: {
    title: 'WebGPU',
    // In the default layout, NHWC, a convolution gradient is off by 1e-3 where NCHW is off by 4e-7.
    executionProviders: (onnx) => [{ name: 'webgpu', preferredLayout: 'NCHW', ...unsupportedOnWebGpu(onnx) }, 'cpu'],
  },
  cuda: { title: 'NVIDIA CUDA', executionProviders: () => ['cuda', 'cpu'] },
  dml: { title: 'DirectML', executionProviders: () => ['dml', 'cpu'] },
  coreml: { title: 'Apple Core ML', executionProviders: () => ['coreml', 'cpu'] },
} as const satisfies Record<string, Provider>;

export type ProviderName = keyof typeof providers;

/** Which providers this build of ONNX Runtime was compiled with, and whether their libraries came with it. */
export function compiledProviders(): ReadonlyMap<string, { readonly bundled: boolean }> {
  return new Map(listSupportedBackends().map(({ name, bundled }) => [name, { bundled }]));
}

export function runtimeVersion(): string {
  return env.versions.node ?? env.versions.common;
}

/** Its MaxPool takes a node with the output Indices and fails when it runs. An empty list is refused. */
function unsupportedOnWebGpu(onnx: Uint8Array): { readonly forceCpuNodeNames?: readonly string[] } {
  const names = decodeModel(onnx)
    .graph.nodes.filter(({ operator, outputs }) => operator === 'MaxPool' && outputs.length > 1)
    .map(({ name }) => name);
  return names.length === 0 ? {} : { forceCpuNodeNames: names };
}
