/** What a client did wrong, in a sentence that goes back to it as `{"error": …}` with status 400. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly reason = 'bad_request';
}
