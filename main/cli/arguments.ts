import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { LightbenchError } from '../contract/errors.ts';

export interface Arguments {
  readonly positionals: readonly string[];
  readonly workspace: string;
  /** False when `workspace` is the default. */
  readonly workspaceGiven: boolean;
  readonly port: number;
  readonly json: boolean;
  readonly keep: boolean;
  readonly user: string | undefined;
  readonly engine: string | undefined;
  readonly browser: boolean;
}

/** @throws LightbenchError request.invalid */
export function readArguments(argv: readonly string[]): Arguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        workspace: { type: 'string' },
        port: { type: 'string', default: '0' },
        json: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        user: { type: 'string' },
        engine: { type: 'string' },
        'no-browser': { type: 'boolean', default: false },
      },
    });
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error(`--port ${values.port} is not a port`);
    return {
      positionals,
      workspace: resolve(values.workspace ?? process.env.LIGHTBENCH_WORKSPACE ?? join(homedir(), 'Lightbench')),
      workspaceGiven: (values.workspace ?? process.env.LIGHTBENCH_WORKSPACE) !== undefined,
      port,
      json: values.json,
      keep: values.keep,
      user: values.user,
      engine: values.engine,
      browser: !values['no-browser'],
    };
  } catch (error) {
    throw new LightbenchError('request.invalid', (error as Error).message, {
      suggestion: '`lightbench help` shows the commands and their options.',
    });
  }
}
