import type { LightbenchError } from '../contract/errors.ts';
import type { AssetMessage, AssetReply, CallMessage, CallReply, StreamReply, StreamRequest } from '../contract/wire.ts';

/** The way from the shell to an engine, wherever it runs: a utility process, another Node, another machine. */
export interface EngineLink {
  /** Resolves when the engine answers. Rejects with the engine's own refusal, or with what kept it from starting. */
  readonly ready: Promise<EngineGreeting>;
  /** Never rejects: a dead engine is an error reply like any other. */
  call(message: CallMessage): Promise<CallReply>;
  /** Rejects with a LightbenchError. */
  asset(message: AssetMessage): Promise<AssetReply>;
  stream(message: StreamRequest): void;
  onStream(listener: (message: StreamReply) => void): () => void;
  /** The engine ended without having been asked to. At most once. */
  onEnd(listener: (error: LightbenchError) => void): () => void;
  /** Present where the engine cannot read this machine's files. */
  readonly upload?: (path: string, body: ReadableStream<Uint8Array> | null) => Promise<Response>;
  /** Ends the engine if it is ours: politely, then after five seconds without asking. */
  close(): Promise<void>;
}

export interface EngineGreeting {
  /** Folder of the workspace on the engine's machine. */
  readonly workspacePath: string;
}
