/** ONNX Runtime: devices, sessions, tensors in memory. Sessions block their thread: run them in worker processes only. */

export type { RuntimeFeeds, RuntimeTensor, SessionSettings } from './backend.ts';
export { findBlockSize } from './block-size.ts';
export { deviceIdentity } from './device-identity.ts';
export { type ElementData, elementTensor } from './element-tensor.ts';
export { availableBytes, residentBytes } from './memory.ts';
export { type NativeRuntime, nativeRuntime } from './native.ts';
export {
  type OperatorFailure,
  type OperatorTestResult,
  testOperators,
} from './operator-self-test.ts';
export { compiledProviders, type ProviderName, providers, runtimeVersion } from './provider.ts';
export { RuntimeError, type RuntimeErrorReason } from './runtime-error.ts';
export { type Execute, type SelfTestResult, selfTest } from './self-test.ts';
export {
  float32Scalar,
  float32Tensor,
  floats,
  int32Scalar,
  int64Tensor,
  RuntimeSession,
  uint8Tensor,
} from './session.ts';
