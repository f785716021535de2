import { z } from 'zod';
import { errorRecord } from './errors.ts';

/**
 * What crosses a door. The same messages go over HTTP (one POST per call, one WebSocket for streams), over Electron's
 * IPC, and between the desktop shell and an engine host in another process. Assets are bytes and travel beside them.
 */
export const callMessage = z.object({
  procedure: z.string(),
  input: z.unknown(),
  /** Session of a signed-in user; absent: the owner of the workspace, when the owner has no password. */
  token: z.string().optional(),
});
export type CallMessage = z.infer<typeof callMessage>;

export const callReply = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({ ok: z.literal(false), error: errorRecord }),
]);
export type CallReply = z.infer<typeof callReply>;

export const streamRequest = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('subscribe'),
    id: z.string(),
    stream: z.string(),
    input: z.unknown(),
    token: z.string().optional(),
  }),
  z.object({ type: z.literal('unsubscribe'), id: z.string() }),
]);
export type StreamRequest = z.infer<typeof streamRequest>;

export const streamReply = z.discriminatedUnion('type', [
  z.object({ type: z.literal('event'), id: z.string(), event: z.unknown() }),
  z.object({ type: z.literal('failed'), id: z.string(), error: errorRecord }),
]);
export type StreamReply = z.infer<typeof streamReply>;

export const assetMessage = z.object({
  asset: z.string(),
  params: z.record(z.string(), z.string()),
  token: z.string().optional(),
});
export type AssetMessage = z.infer<typeof assetMessage>;

export interface AssetReply {
  readonly contentType: string;
  readonly bytes: Uint8Array;
  /** True when the same parameters will always give the same bytes: the client may keep it for ever. */
  readonly immutable: boolean;
  readonly fileName?: string;
}

/** Messages between a shell and an engine host over one message port; every request carries its own number. */
export const hostRequest = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('call'), number: z.int(), message: callMessage }),
  z.object({ kind: z.literal('asset'), number: z.int(), message: assetMessage }),
  z.object({ kind: z.literal('stream'), message: streamRequest }),
  z.object({ kind: z.literal('shutdown') }),
]);
export type HostRequest = z.infer<typeof hostRequest>;

export type HostReply =
  | { readonly kind: 'ready'; readonly workspacePath: string }
  | { readonly kind: 'refused'; readonly error: z.infer<typeof errorRecord> }
  | { readonly kind: 'call'; readonly number: number; readonly reply: CallReply }
  | {
      readonly kind: 'asset';
      readonly number: number;
      readonly reply: AssetReply | null;
      readonly error: z.infer<typeof errorRecord> | null;
    }
  | { readonly kind: 'stream'; readonly message: StreamReply };

/** What the preload script puts on `window.lightbench`. Absent in browser mode. */
export interface DesktopBridge {
  call(message: CallMessage): Promise<CallReply>;
  stream(message: StreamRequest): void;
  onStream(listener: (message: StreamReply) => void): () => void;
  /** The path of a file dropped on the window; empty when it has none. */
  pathForFile(file: File): string;
  /** The system's dialog; null when the person cancelled. */
  choosePath(kind: 'folder' | 'file'): Promise<string | null>;
  readonly platform: string;
}
