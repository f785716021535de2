import { type ErrorCode, LightbenchError } from './errors.ts';

/** The errors of the formats room by their reason; that room knows no contract, so its errors are told by their form. */
const CODE_OF_REASON: Readonly<Record<string, ErrorCode>> = {
  not_found: 'source.not_found',
  wrong_magic: 'source.damaged',
  truncated: 'source.damaged',
  length_mismatch: 'source.damaged',
  damaged: 'source.damaged',
  ragged_row: 'source.inconsistent',
  bad_value: 'source.inconsistent',
  syntax: 'source.inconsistent',
  unknown_label: 'source.inconsistent',
  unknown_column: 'source.inconsistent',
  unsupported: 'source.unrecognised',
  empty: 'source.empty',
};
const CODE_OF_SYSTEM_ERROR: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'source.not_found',
  ENOTDIR: 'source.not_found',
  EACCES: 'source.unreadable',
  EPERM: 'source.unreadable',
  EIO: 'source.damaged',
};

/** Whatever reading a source threw, as an entry of the list; the suggestion and the place of a format error are kept. */
export function sourceError(error: unknown): LightbenchError {
  if (error instanceof LightbenchError || !(error instanceof Error)) return LightbenchError.from(error);
  const { reason, suggestion, place, code } = error as {
    reason?: unknown;
    suggestion?: unknown;
    place?: unknown;
    code?: unknown;
  };
  if (error.name === 'FormatError' && typeof reason === 'string' && Object.hasOwn(CODE_OF_REASON, reason))
    return new LightbenchError(CODE_OF_REASON[reason], error.message, {
      ...(typeof suggestion === 'string' ? { suggestion } : {}),
      details: { reason, place },
      cause: error,
    });
  if (typeof code === 'string' && Object.hasOwn(CODE_OF_SYSTEM_ERROR, code))
    return new LightbenchError(CODE_OF_SYSTEM_ERROR[code], `${error.message}.`, { cause: error });
  return LightbenchError.from(error);
}
