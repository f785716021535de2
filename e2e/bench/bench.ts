import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** What `e2e/bench/<name>/index.ts` exports. It prints its figures as JSON on stdout, progress on stderr. */
interface Benchmark {
  run(args: readonly string[]): Promise<void>;
}

/** `npm run bench -- <name> …` */
const names = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(path.join(import.meta.dirname, entry.name, 'index.ts')))
  .map((entry) => entry.name);
const [name, ...args] = process.argv.slice(2);

if (name === undefined || !names.includes(name)) {
  process.stderr.write(`Name a benchmark: ${names.join(', ')}\n`);
  process.exitCode = 2;
} else {
  const module = (await import(pathToFileURL(path.join(import.meta.dirname, name, 'index.ts')).href)) as Benchmark;
  await module.run(args);
}
