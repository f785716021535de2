#!/usr/bin/env node
// Plain JavaScript that any Node can parse, so that an old one gets a sentence instead of a stack trace.
// It runs one of our TypeScript programs (`node resources/scripts/entry.js <program.ts> …`) on a Node that can.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** 22.18 is the first that runs TypeScript without a flag; better-sqlite3 13 crashes below 22. */
const neededMajor = 22;
const neededMinor = 18;
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

const [major, minor] = process.versions.node.split('.').map(Number);
const program = path.resolve(root, process.argv[2]);

if (major > neededMajor || (major === neededMajor && minor >= neededMinor)) {
  process.argv.splice(1, 2, program);
  await import(pathToFileURL(program).href);
} else {
  const bundled = path.join(root, 'node_modules/.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
  if (process.env.LIGHTBENCH_ENTRY_RETRIED === undefined && existsSync(bundled)) {
    const child = spawn(bundled, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
      stdio: 'inherit',
      shell: process.platform === 'win32',
      env: { ...process.env, LIGHTBENCH_ENTRY_RETRIED: '1' },
    });
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
    child.on('exit', (code, signal) => process.exit(signal === null ? code : 1));
  } else {
    process.stderr.write(
      `Lightbench needs Node ${neededMajor}.${neededMinor} or later and this is ${process.versions.node}. ` +
        'Install a newer one from https://nodejs.org, or run `npm ci`, which brings its own where it can.\n',
    );
    process.exit(1);
  }
}
