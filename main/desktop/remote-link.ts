import WebSocket from 'ws';
import { z } from 'zod';
import { Emitter } from '../base/emitter.ts';
import { errorRecord, LightbenchError } from '../contract/errors.ts';
import {
  type AssetMessage,
  type AssetReply,
  type CallMessage,
  type CallReply,
  callReply,
  type StreamReply,
  type StreamRequest,
  streamReply,
} from '../contract/wire.ts';
import type { EngineGreeting, EngineLink } from './engine-link.ts';

const firstRetryMs = 500;
const longestRetryMs = 10_000;

/** Only what the shell itself wants to know; the rest of the answer is the renderer's business. */
const workspacePlace = z.object({ path: z.string() });

/** An engine behind `lightbench serve`, on this machine or at the other end of a tunnel. Streams come back by themselves. */
export class RemoteLink implements EngineLink {
  readonly ready: Promise<EngineGreeting>;
  readonly upload: NonNullable<EngineLink['upload']>;
  readonly #base: URL;
  readonly #token: string;
  readonly #streams = new Emitter<StreamReply>();
  readonly #open = new Map<string, Extract<StreamRequest, { type: 'subscribe' }>>();
  #socket: WebSocket | null = null;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = firstRetryMs;
  #closed = false;

  /** `address` is what `lightbench serve` printed, token included. */
  constructor(address: URL) {
    this.#token = address.searchParams.get('token') ?? '';
    this.#base = new URL('/', address);
    // Node asks for `duplex` where a body is a stream; the browser's typings do not know it.
    this.upload = (path, body) => this.#fetch(path, { method: 'PUT', body, duplex: 'half' } as RequestInit);
    this.ready = this.#greet();
    this.ready.catch(() => undefined);
  }

  async call(message: CallMessage): Promise<CallReply> {
    try {
      const response = await this.#fetch('/api/call', { method: 'POST', body: JSON.stringify(message) });
      const body: unknown = await response.json();
      const reply = callReply.safeParse(body);
      return reply.success ? reply.data : { ok: false, error: refusal(response, body).toRecord() };
    } catch (error) {
      return { ok: false, error: this.#unreachable(error).toRecord() };
    }
  }

  async asset({ asset, params, token }: AssetMessage): Promise<AssetReply> {
    const query = new URLSearchParams({ ...params, ...(token === undefined ? {} : { token }) });
    let response: Response;
    try {
      response = await this.#fetch(`/asset/${encodeURIComponent(asset)}?${query}`, {});
    } catch (error) {
      throw this.#unreachable(error);
    }
    if (!response.ok) throw refusal(response, await response.json().catch(() => null));
    const fileName = /filename="([^"]*)"/.exec(response.headers.get('content-disposition') ?? '')?.[1];
    return {
      contentType: response.headers.get('content-type') ?? 'application/octet-stream',
      bytes: new Uint8Array(await response.arrayBuffer()),
      immutable: (response.headers.get('cache-control') ?? '').includes('immutable'),
      ...(fileName === undefined ? {} : { fileName }),
    };
  }

  stream(message: StreamRequest): void {
    if (message.type === 'subscribe') this.#open.set(message.id, message);
    else this.#open.delete(message.id);
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
    else this.#connect();
  }

  onStream(listener: (message: StreamReply) => void): () => void {
    return this.#streams.on(listener);
  }

  /** An engine elsewhere does not end for us: it is out of reach for a while. */
  onEnd(): () => void {
    return () => undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#socket?.terminate();
  }

  async #greet(): Promise<EngineGreeting> {
    const reply = await this.call({ procedure: 'workspace.info', input: {} });
    if (reply.ok) return { workspacePath: workspacePlace.parse(reply.result).path };
    // Whoever must sign in first can do so in the window.
    if (reply.error.code === 'access.sign_in_required') return { workspacePath: this.#base.host };
    throw LightbenchError.fromRecord(reply.error);
  }

  #fetch(path: string, options: RequestInit): Promise<Response> {
    const body = options.body;
    const type = typeof body === 'string' ? 'application/json' : 'application/octet-stream';
    return fetch(new URL(path, this.#base), {
      ...options,
      redirect: 'error',
      headers: { authorization: `Bearer ${this.#token}`, ...(body ? { 'content-type': type } : {}) },
    });
  }

  #connect(): void {
    if (this.#socket !== null || this.#closed || this.#open.size === 0) return;
    const address = new URL('/api/stream', this.#base);
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(address, { headers: { authorization: `Bearer ${this.#token}` } });
    this.#socket = socket;
    socket.on('open', () => {
      this.#retryMs = firstRetryMs;
      for (const request of this.#open.values()) socket.send(JSON.stringify(request));
    });
    socket.on('message', (data) => {
      const reply = streamReply.safeParse(parseJson(String(data)));
      if (reply.success) this.#streams.emit(reply.data);
    });
    // An error is always followed by a close.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#socket = null;
      if (this.#closed) return;
      this.#retry = setTimeout(() => this.#connect(), this.#retryMs);
      this.#retryMs = Math.min(this.#retryMs * 2, longestRetryMs);
    });
  }

  #unreachable(error: unknown): LightbenchError {
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    return new LightbenchError(
      'engine.unreachable',
      `The engine at ${this.#base.origin} cannot be reached: ${reason}`,
      {
        cause: error,
      },
    );
  }
}

function refusal(response: Response, body: unknown): LightbenchError {
  const record = errorRecord.safeParse(body);
  if (record.success) return LightbenchError.fromRecord(record.data);
  return new LightbenchError(
    'internal.unexpected',
    `The engine answered with status ${response.status} and no readable reply.`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
