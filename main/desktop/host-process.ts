import { fork } from 'node:child_process';
import type { ElectronParts } from './electron-parts.ts';
import type { HostProcess } from './host-link.ts';

const lastWordsBytes = 4000;

export interface HostProgram {
  /** The built engine host. */
  readonly path: string;
  readonly args: readonly string[];
  /** Receives what the engine writes to its standard error. */
  readonly log: (text: string) => void;
}

/** The engine host inside Electron: for an Electron whose own Node is new enough for the engine. */
export function utilityHost(utilityProcess: ElectronParts['utilityProcess'], program: HostProgram): HostProcess {
  const child = utilityProcess.fork(program.path, [...program.args], {
    serviceName: 'Lightbench engine',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const words = lastWords(program.log);
  child.stderr?.on('data', (chunk: Buffer) => words.add(chunk.toString('utf8')));
  return {
    post: (request) => child.postMessage(request),
    onMessage: (listener) => void child.on('message', listener),
    onExit: (listener) => void child.once('exit', (code) => listener(`with exit code ${code}`)),
    lastWords: words.get,
    kill: () => void child.kill(),
  };
}

/** The engine host on a Node of its own, beside an Electron whose Node is too old for the engine. */
export function nodeHost(nodePath: string, program: HostProgram): HostProcess {
  const environment: NodeJS.ProcessEnv = { ...process.env };
  delete environment.ELECTRON_RUN_AS_NODE;
  const child = fork(program.path, [...program.args], {
    execPath: nodePath,
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: environment,
  });
  const words = lastWords(program.log);
  child.stderr?.setEncoding('utf8').on('data', words.add);
  return {
    post: (request) => void (child.connected && child.send(request)),
    onMessage: (listener) => void child.on('message', listener),
    onExit: (listener) => {
      let told = false;
      const tell = (how: string): void => {
        if (!told) listener(how);
        told = true;
      };
      child.once('error', (error) => tell(`before it started: ${error.message}`));
      // `close` comes after the last of standard error, `exit` may come before it.
      child.once('close', (code, signal) => tell(signal === null ? `with exit code ${code}` : `by ${signal}`));
    },
    lastWords: words.get,
    kill: () => void child.kill('SIGKILL'),
  };
}

function lastWords(log: (text: string) => void): { add(text: string): void; get(): string } {
  let tail = '';
  return {
    add(text) {
      tail = (tail + text).slice(-lastWordsBytes);
      log(text);
    },
    get: () => tail,
  };
}
