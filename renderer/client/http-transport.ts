import { Emitter } from '../../main/base/emitter.ts';
import { errorRecord, LightbenchError } from '../../main/contract/errors.ts';
import type { CallMessage, CallReply, StreamReply, StreamRequest } from '../../main/contract/wire.ts';
import { callReply, streamReply } from '../../main/contract/wire.ts';
import { reconnectDelayMs } from './reconnect-delay.ts';
import type { ConnectionState, Transport } from './transport.ts';

const callPath = '/api/call';
const streamPath = '/api/stream';

/** Browser mode: one POST per call, one WebSocket for all streams. The cookie of this origin lets both in. */
export class HttpTransport implements Transport {
  readonly kind = 'browser';
  readonly #replies = new Emitter<StreamReply>();
  readonly #states = new Emitter<ConnectionState>();
  readonly #open = new Map<string, StreamRequest & { type: 'subscribe' }>();
  #socket: WebSocket | null = null;
  #attempt = 0;
  #retry: ReturnType<typeof setTimeout> | null = null;

  async call(message: CallMessage, signal?: AbortSignal): Promise<CallReply> {
    let response: Response;
    try {
      response = await fetch(callPath, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(message),
        credentials: 'same-origin',
        signal: signal ?? null,
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      this.#states.emit('lost');
      this.#connectLater();
      throw unreachable(error);
    }
    const text = await response.text();
    const parsed = callReply.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    // The door itself refuses with a bare record, before the contract is reached.
    const refusal = errorRecord.safeParse(parseJson(text));
    if (refusal.success) return { ok: false, error: refusal.data };
    throw new LightbenchError(
      'internal.unexpected',
      `The engine answered ${message.procedure} with status ${response.status} and no readable reply.`,
      { details: { reply: text.slice(0, 200) } },
    );
  }

  stream(message: StreamRequest): void {
    if (message.type === 'subscribe') this.#open.set(message.id, message);
    else this.#open.delete(message.id);
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
    else this.#connect();
  }

  onStream(listener: (message: StreamReply) => void): () => void {
    return this.#replies.on(listener);
  }

  onConnection(listener: (state: ConnectionState) => void): () => void {
    return this.#states.on(listener);
  }

  #connect(): void {
    if (this.#socket !== null || this.#retry !== null) return;
    const url = new URL(streamPath, window.location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.addEventListener('open', () => {
      this.#attempt = 0;
      for (const request of this.#open.values()) socket.send(JSON.stringify(request));
      this.#states.emit('open');
    });
    socket.addEventListener('message', (event: MessageEvent<string>) => {
      const reply = streamReply.safeParse(parseJson(event.data));
      if (reply.success) this.#replies.emit(reply.data);
    });
    socket.addEventListener('close', () => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      void this.#sayWhy();
      this.#connectLater();
    });
  }

  /** A socket that could not be opened does not say why; a plain request does. */
  async #sayWhy(): Promise<void> {
    const refused = await fetch(callPath, { method: 'POST', credentials: 'same-origin' }).then(
      (response) => response.status === 403,
      () => false,
    );
    if (this.#socket?.readyState !== WebSocket.OPEN) this.#states.emit(refused ? 'refused' : 'lost');
  }

  #connectLater(): void {
    if (this.#retry !== null || this.#socket !== null) return;
    this.#retry = setTimeout(
      () => {
        this.#retry = null;
        this.#connect();
      },
      reconnectDelayMs(this.#attempt++),
    );
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreachable(error: unknown): LightbenchError {
  return new LightbenchError('internal.unexpected', 'The engine cannot be reached.', {
    cause: error,
    suggestion: 'Check that Lightbench is still running on its machine. This window reconnects by itself.',
  });
}
