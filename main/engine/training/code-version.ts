import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import type { EngineContext } from '../core/context.ts';

const GIT_TIMEOUT_MS = 2000;

/** Version of the application, and the commit where it runs from a clone. */
export function codeVersion(context: Pick<EngineContext, 'applicationVersion' | 'workerEntry'>): string {
  try {
    const commit = execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], {
      cwd: dirname(context.workerEntry('trainer').path),
      timeout: GIT_TIMEOUT_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
    }).trim();
    return `${context.applicationVersion}+${commit}`;
  } catch {
    return context.applicationVersion;
  }
}
