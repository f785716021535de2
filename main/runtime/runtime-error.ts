/** Why the runtime refused. Stable: the engine maps each reason to an error code of the contract. */
export type RuntimeErrorReason = 'provider-unavailable' | 'invalid-model' | 'out-of-memory' | 'run-failed';

export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';
  readonly reason: RuntimeErrorReason;

  constructor(reason: RuntimeErrorReason, message: string, cause?: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}

/** What ONNX Runtime throws is text; memory that could not be had is told apart from everything else. */
export function toRuntimeError(reason: RuntimeErrorReason, error: unknown): RuntimeError {
  const message = error instanceof Error ? error.message : String(error);
  const memory = /bad_alloc|failed to allocate|out of memory|allocation failed/i.test(message);
  return new RuntimeError(memory ? 'out-of-memory' : reason, message, error);
}
