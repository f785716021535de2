import type { RunConfig } from '../../contract/run-config.ts';
import type { Run } from '../../contract/training.ts';

/** Parts of a config that are columns of a run themselves. */
const LEFT_OUT = new Set(['name', 'experiment', 'tags']);

/** `optimizer.learningRate` → 0.001. Lists become text, so that they can be compared and shown in one cell. */
export function flattenConfig(config: RunConfig): Run['params'] {
  const params: Record<string, string | number | boolean> = {};
  const walk = (value: unknown, path: string) => {
    if (value === null || value === undefined) return;
    if (Array.isArray(value)) params[path] = JSON.stringify(value);
    else if (typeof value === 'object') for (const [key, inner] of Object.entries(value)) walk(inner, `${path}.${key}`);
    else params[path] = value as string | number | boolean;
  };
  for (const [key, value] of Object.entries(config)) if (!LEFT_OUT.has(key)) walk(value, key);
  return params;
}
