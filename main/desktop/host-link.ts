import { Emitter } from '../base/emitter.ts';
import { LightbenchError } from '../contract/errors.ts';
import type {
  AssetMessage,
  AssetReply,
  CallMessage,
  CallReply,
  HostRequest,
  StreamReply,
  StreamRequest,
} from '../contract/wire.ts';
import type { EngineGreeting, EngineLink } from './engine-link.ts';
import { hostReply } from './host-reply.ts';

/** How long an engine may take to put its work away before it is ended without asking. */
export const closeGraceMs = 5000;

/** A process that runs the engine host, whatever starts it. Messages go through structured cloning. */
export interface HostProcess {
  post(request: HostRequest): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, with how it ended in words: `with exit code 1`, `by SIGKILL`. */
  onExit(listener: (how: string) => void): void;
  /** The last lines it wrote to its standard error. */
  lastWords(): string;
  kill(): void;
}

interface Pending<Reply> {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: LightbenchError) => void;
}

/** An engine in a process of ours. When the process ends, everything that waited for it is answered with worker.crashed. */
export class HostLink implements EngineLink {
  readonly ready: Promise<EngineGreeting>;
  readonly #process: HostProcess;
  readonly #calls = new Map<number, Pending<CallReply>>();
  readonly #assets = new Map<number, Pending<AssetReply>>();
  readonly #streams = new Emitter<StreamReply>();
  readonly #ends = new Emitter<LightbenchError>();
  readonly #exited: Promise<void>;
  #greet: Pending<EngineGreeting> | null = null;
  #nextNumber = 1;
  #end: LightbenchError | null = null;
  #closing = false;

  constructor(process: HostProcess) {
    this.#process = process;
    this.ready = new Promise((resolve, reject) => {
      this.#greet = { resolve, reject };
    });
    // Whoever asks later still gets the rejection; nobody asking is no reason to end the shell.
    this.ready.catch(() => undefined);
    process.onMessage((message) => this.#receive(message));
    this.#exited = new Promise((resolve) => {
      process.onExit((how) => {
        this.#ended(how);
        resolve();
      });
    });
  }

  call(message: CallMessage): Promise<CallReply> {
    const reply = this.#ask(this.#calls, (number) => ({ kind: 'call', number, message }));
    return reply.catch((error: unknown) => ({ ok: false, error: LightbenchError.from(error).toRecord() }));
  }

  asset(message: AssetMessage): Promise<AssetReply> {
    return this.#ask(this.#assets, (number) => ({ kind: 'asset', number, message }));
  }

  stream(message: StreamRequest): void {
    if (this.#end === null) this.#process.post({ kind: 'stream', message });
  }

  onStream(listener: (message: StreamReply) => void): () => void {
    return this.#streams.on(listener);
  }

  onEnd(listener: (error: LightbenchError) => void): () => void {
    return this.#ends.on(listener);
  }

  async close(): Promise<void> {
    this.#closing = true;
    if (this.#end !== null) return;
    this.#process.post({ kind: 'shutdown' });
    const timer = setTimeout(() => this.#process.kill(), closeGraceMs);
    await this.#exited;
    clearTimeout(timer);
  }

  #ask<Reply>(pending: Map<number, Pending<Reply>>, request: (number: number) => HostRequest): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#end !== null) {
        reject(this.#end);
        return;
      }
      const number = this.#nextNumber++;
      pending.set(number, { resolve, reject });
      try {
        this.#process.post(request(number));
      } catch (error) {
        pending.delete(number);
        reject(LightbenchError.from(error));
      }
    });
  }

  #receive(raw: unknown): void {
    const parsed = hostReply.safeParse(raw);
    // A message outside the contract cannot be answered; the request it belongs to fails when the process ends.
    if (!parsed.success) return;
    const message = parsed.data;
    switch (message.kind) {
      case 'ready':
        this.#greet?.resolve({ workspacePath: message.workspacePath });
        this.#greet = null;
        return;
      case 'refused':
        this.#greet?.reject(LightbenchError.fromRecord(message.error));
        this.#greet = null;
        this.#closing = true;
        return;
      case 'call':
        this.#calls.get(message.number)?.resolve(message.reply);
        this.#calls.delete(message.number);
        return;
      case 'asset': {
        const pending = this.#assets.get(message.number);
        this.#assets.delete(message.number);
        if (message.reply !== null) pending?.resolve(message.reply);
        else if (message.error !== null) pending?.reject(LightbenchError.fromRecord(message.error));
        else pending?.reject(new LightbenchError('record.not_found', 'The engine has no such asset.'));
        return;
      }
      case 'stream':
        this.#streams.emit(message.message);
    }
  }

  #ended(how: string): void {
    const words = this.#process.lastWords().trim();
    const error = new LightbenchError(
      'worker.crashed',
      `The engine ended ${how}.${words === '' ? '' : ` It last said: ${words.split('\n').slice(-6).join(' ⏎ ')}`}`,
      { suggestion: 'Start it again. Everything that was saved is still there, and jobs can be resumed.' },
    );
    this.#end = error;
    this.#greet?.reject(error);
    const waitedForGreeting = this.#greet !== null;
    this.#greet = null;
    for (const pending of [...this.#calls.values(), ...this.#assets.values()]) pending.reject(error);
    this.#calls.clear();
    this.#assets.clear();
    if (!this.#closing && !waitedForGreeting) this.#ends.emit(error);
  }
}
