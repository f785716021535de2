/** Why a source could not be taken as what it claims to be. Stable: the engine maps these to its error codes. */
export type FormatReason =
  | 'not_found'
  | 'wrong_magic'
  | 'truncated'
  | 'length_mismatch'
  | 'ragged_row'
  | 'bad_value'
  | 'unknown_label'
  | 'unknown_column'
  | 'unsupported'
  | 'syntax'
  | 'empty'
  | 'damaged';

/** Where in the source: a path, and a byte offset or a line (1-based, as editors count). */
export interface FormatPlace {
  readonly path?: string;
  readonly offsetBytes?: number;
  readonly line?: number;
  readonly column?: string;
}

/** The error of every format: what is wrong, where, and what to do about it. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
  readonly format: string;
  readonly reason: FormatReason;
  readonly place: FormatPlace;
  readonly suggestion: string;

  /** `what` is a sentence without the place; the place is added to the message. */
  constructor(
    format: string,
    reason: FormatReason,
    what: string,
    place: FormatPlace,
    suggestion: string,
    cause?: unknown,
  ) {
    super(`${describePlace(place)}${what}`, { cause });
    this.format = format;
    this.reason = reason;
    this.place = place;
    this.suggestion = suggestion;
  }
}

function describePlace(place: FormatPlace): string {
  const parts = [
    place.path,
    place.line === undefined ? undefined : `line ${place.line}`,
    place.column === undefined ? undefined : `column "${place.column}"`,
    place.offsetBytes === undefined ? undefined : `byte ${place.offsetBytes}`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? '' : `${parts.join(', ')}: `;
}
