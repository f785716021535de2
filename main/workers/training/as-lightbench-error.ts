import { type ErrorCode, LightbenchError } from '../../contract/errors.ts';
import { FormatError } from '../../formats/format-error.ts';
import { GraphError } from '../../graph/index.ts';
import { RuntimeError, type RuntimeErrorReason } from '../../runtime/index.ts';

const RUNTIME_CODES: Readonly<Record<RuntimeErrorReason, ErrorCode>> = {
  'provider-unavailable': 'device.unavailable',
  'out-of-memory': 'training.out_of_memory',
  'invalid-model': 'internal.unexpected',
  'run-failed': 'internal.unexpected',
};

/** What the rooms without a contract throw, as an entry of the closed list. */
export function asLightbenchError(error: unknown): LightbenchError {
  if (error instanceof RuntimeError)
    return new LightbenchError(RUNTIME_CODES[error.reason], error.message, { cause: error });
  if (error instanceof GraphError) return new LightbenchError('config.invalid', error.message, { cause: error });
  if (error instanceof FormatError)
    return new LightbenchError('workspace.damaged', error.message, { suggestion: error.suggestion, cause: error });
  if (error instanceof RangeError && /allocation|array length/i.test(error.message))
    return new LightbenchError('training.out_of_memory', error.message, { cause: error });
  if ((error as { code?: unknown } | null)?.code === 'ENOENT')
    return new LightbenchError('workspace.damaged', (error as Error).message, { cause: error });
  return LightbenchError.from(error);
}
