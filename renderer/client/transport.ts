import type { CallMessage, CallReply, StreamReply, StreamRequest } from '../../main/contract/wire.ts';

/**
 * The way to the engine. `lost`: it cannot be reached at the moment; `refused`: it answers, but no longer lets this window
 * in, because it was started again with another token. In both the transport keeps trying.
 */
export type ConnectionState = 'connecting' | 'open' | 'lost' | 'refused';

/** What a door has to offer. Both doors carry the same messages, so nothing above this line knows which one it is. */
export interface Transport {
  readonly kind: 'browser' | 'desktop';
  call(message: CallMessage, signal?: AbortSignal): Promise<CallReply>;
  /** Sends a stream request now or, while the connection is away, as soon as it is back. */
  stream(message: StreamRequest): void;
  onStream(listener: (message: StreamReply) => void): () => void;
  onConnection(listener: (state: ConnectionState) => void): () => void;
}
