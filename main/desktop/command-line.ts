import path from 'node:path';
import { parseUrl } from './parse-url.ts';

export interface CommandLine {
  /** Absolute; null: the last one used, or the default. */
  readonly workspace: string | null;
  /** What `lightbench serve` printed, where an engine elsewhere is to be used. */
  readonly engine: URL | null;
  /** What was wrong, in one sentence; the window shows it. */
  readonly problem: string | null;
}

const switches = ['workspace', 'engine'] as const;

/**
 * Reads `--workspace DIR` and `--engine URL`, with a space or an equals sign. Everything else is left to Chromium and
 * Electron, which have switches of their own: unknown ones are no error.
 */
export function readCommandLine(args: readonly string[], workingFolder: string): CommandLine {
  const values = new Map<string, string | undefined>();
  for (const [index, argument] of args.entries()) {
    const match = /^--([a-z]+)(?:=(.*))?$/s.exec(argument);
    const name = switches.find((known) => known === match?.[1]);
    if (name !== undefined) values.set(name, match?.[2] ?? args[index + 1]);
  }
  const workspace = values.get('workspace');
  const engine = values.get('engine');
  const missing = switches.find(
    (name) => values.has(name) && (!values.get(name) || values.get(name)?.startsWith('--')),
  );
  if (missing !== undefined) return { workspace: null, engine: null, problem: `--${missing} needs a value after it.` };
  const address = engine === undefined ? null : parseUrl(engine);
  if (engine !== undefined && !/^https?:$/.test(address?.protocol ?? ''))
    return {
      workspace: null,
      engine: null,
      problem: `${engine} is not an address such as http://127.0.0.1:4710/?token=….`,
    };
  return {
    workspace: workspace === undefined ? null : path.resolve(workingFolder, workspace),
    engine: address,
    problem: null,
  };
}
