import * as lightbench from './api/index.ts';
import { type TraceRequest, traceDefinition } from './trace-definition.ts';

/**
 * What the process that runs model files loads beside them: the words a file can import, and the trace of what it says.
 * Nothing in here reaches outside of the language.
 */
export { lightbench };

/** @returns the program as JSON: only text leaves the realm */
export function trace(definition: unknown, request: string, file: string): string {
  const program = traceDefinition(definition, JSON.parse(request) as TraceRequest, () => lineOf(file));
  return JSON.stringify(program);
}

/** The innermost line of the file that runs now. */
function lineOf(file: string): number | undefined {
  const { stack = '' } = new Error('here');
  const at = stack.indexOf(`${file}:`);
  const line = Number.parseInt(stack.slice(at + file.length + 1), 10);
  return at >= 0 && line > 0 ? line : undefined;
}
