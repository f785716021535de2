import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/**
 * Physical cores that this process may use: one thread each is what dense arithmetic wants, a second one per core only
 * gets in the way. Where the system does not say how its processors share cores, every processor counts as one.
 */
export function physicalCores(folder = '/sys/devices/system/cpu'): number {
  const processors = availableParallelism();
  const siblings = new Set<string>();
  try {
    for (const name of readdirSync(folder))
      if (/^cpu\d+$/.test(name))
        siblings.add(readFileSync(join(folder, name, 'topology', 'thread_siblings_list'), 'utf8').trim());
  } catch {
    return processors;
  }
  return siblings.size === 0 ? processors : Math.min(processors, siblings.size);
}
