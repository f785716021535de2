import type { Clock } from '../../base/clock.ts';
import type { Emitter } from '../../base/emitter.ts';
import type { Topic, WorkspaceEvent } from '../../contract/events.ts';
import type {
  AssetName,
  AssetParams,
  ParsedInput,
  ParsedStreamInput,
  ProcedureName,
  ProcedureOutput,
  StreamEvent,
  StreamName,
} from '../../contract/index.ts';
import type { Role } from '../../contract/procedure.ts';
import type { AssetReply } from '../../contract/wire.ts';
import type { Workspace } from '../../storage/index.ts';

/** Who is asking, as the engine has established it; never taken from the input of a call. */
export interface Caller {
  readonly userId: string;
  readonly userName: string;
  readonly roles: readonly Role[];
  /** Aborted when the door knows that nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
}

/** Where the program of a worker lies: TypeScript beside the sources, a bundle in the built application. */
export type WorkerEntry = (name: string) => {
  readonly path: string;
  readonly execPath?: string;
  readonly execArgv?: readonly string[];
};

/** What every domain is built from. */
export interface EngineContext {
  readonly workspace: Workspace;
  readonly clock: Clock;
  readonly events: Emitter<WorkspaceEvent>;
  readonly applicationVersion: string;
  readonly workerEntry: WorkerEntry;
  /** Tells every client what to read again. Call it after the transaction, never inside. */
  changed(topic: Topic, ids?: readonly string[], actor?: string | null): void;
}

export type Handler<N extends ProcedureName> = (
  input: ParsedInput<N>,
  caller: Caller,
) => ProcedureOutput<N> | Promise<ProcedureOutput<N>>;
export type Handlers = { readonly [N in ProcedureName]: Handler<N> };
/** The handlers of one domain: every procedure whose name begins with one of its prefixes. */
export type HandlersOf<Prefix extends string> = {
  readonly [N in Extract<ProcedureName, `${Prefix}.${string}`>]: Handler<N>;
};

export type AssetHandler<N extends AssetName> = (params: AssetParams<N>, caller: Caller) => Promise<AssetReply>;
export type AssetHandlers = { readonly [N in AssetName]: AssetHandler<N> };

/** Starts a subscription; the returned function ends it. */
export type StreamHandler<N extends StreamName> = (
  input: ParsedStreamInput<N>,
  emit: (event: StreamEvent<N>) => void,
  caller: Caller,
) => () => void;
export type StreamHandlers = { readonly [N in StreamName]: StreamHandler<N> };
