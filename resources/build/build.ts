import { cpSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';
import { buildNative } from './native.ts';
import { inputsDigest, isStale, stampPath } from './stale.ts';
import { type Target, targets } from './targets.ts';

const root = path.resolve(import.meta.dirname, '../..');
const NATIVE = { inputs: ['native', 'resources/build/native.ts'], output: 'out/native' };

/** Builds what is stale, or everything with `force`; returns the names of what was built. */
export async function buildStale(
  options: { readonly force?: boolean; readonly only?: readonly Target['name'][] } = {},
): Promise<readonly (Target['name'] | 'native')[]> {
  const built: (Target['name'] | 'native')[] = [];
  for (const target of targets(root)) {
    if (options.only !== undefined && !options.only.includes(target.name)) continue;
    const digest = inputsDigest(root, target.inputs);
    if (!options.force && !isStale(root, target.output, digest)) continue;
    process.stderr.write(`Building ${target.output}\n`);
    // An interrupted build must not look finished.
    rmSync(stampPath(root, target.output), { force: true });
    await build({ ...target.config, logLevel: 'warn' });
    if (target.name === 'desktop')
      cpSync(path.join(root, 'resources/icons/icon.png'), path.join(root, target.output, 'icon.png'));
    writeFileSync(stampPath(root, target.output), digest);
    built.push(target.name);
  }
  if (options.only === undefined) {
    const digest = inputsDigest(root, NATIVE.inputs);
    if (options.force || isStale(root, NATIVE.output, digest)) {
      process.stderr.write(`Building ${NATIVE.output}\n`);
      const lacking = buildNative(root, NATIVE.output);
      if (lacking !== null) process.stderr.write(`${lacking}\n`);
      // Without a compiler it is not asked for again before the sources change.
      writeFileSync(stampPath(root, NATIVE.output), digest);
      built.push('native');
    }
  }
  return built;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const built = await buildStale({ force: process.argv.includes('--force') });
  process.stdout.write(built.length === 0 ? 'Nothing is stale\n' : `Built ${built.join(', ')}\n`);
}
