import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

export interface Display {
  readonly name: string;
  close(): void;
}

/** The display of the person in front of the machine, or a virtual one; null with Linux and neither. */
export async function openDisplay(): Promise<Display | null> {
  if (process.platform !== 'linux') return { name: '', close: () => undefined };
  const own = process.env.DISPLAY;
  if (own) return { name: own, close: () => undefined };
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1680x1050x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  return new Promise((resolve) => {
    server.once('error', () => resolve(null));
    server.once('exit', () => resolve(null));
    // It writes the number of its display as soon as it can be used.
    (server.stdio[3] as Readable).once('data', (number: Buffer) =>
      resolve({ name: `:${number.toString('utf8').trim()}`, close: () => void server.kill() }),
    );
  });
}
