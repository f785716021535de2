import type { CallMessage, CallReply, DesktopBridge, StreamReply, StreamRequest } from '../../main/contract/wire.ts';
import type { ConnectionState, Transport } from './transport.ts';

/** Desktop: the bridge of the preload script. The shell supervises the engine, so the way there is always open. */
export class DesktopTransport implements Transport {
  readonly kind = 'desktop';
  readonly #bridge: DesktopBridge;

  constructor(bridge: DesktopBridge) {
    this.#bridge = bridge;
  }

  call(message: CallMessage): Promise<CallReply> {
    return this.#bridge.call(message);
  }

  stream(message: StreamRequest): void {
    this.#bridge.stream(message);
  }

  onStream(listener: (message: StreamReply) => void): () => void {
    return this.#bridge.onStream(listener);
  }

  onConnection(listener: (state: ConnectionState) => void): () => void {
    queueMicrotask(() => listener('open'));
    return () => undefined;
  }
}
