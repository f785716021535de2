import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const stampName = 'built-from.txt';

/** Hash of the names and contents of everything that goes into a build; tests do not. */
export function inputsDigest(root: string, inputs: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of inputs.flatMap((input) => [...filesBelow(root, input)]).toSorted())
    hash
      .update(`${file}\0`)
      .update(readFileSync(path.join(root, file)))
      .update('\0');
  return hash.digest('hex');
}

export function isStale(root: string, output: string, digest: string): boolean {
  const stamp = path.join(root, output, stampName);
  return !existsSync(stamp) || readFileSync(stamp, 'utf8') !== digest;
}

export function stampPath(root: string, output: string): string {
  return path.join(root, output, stampName);
}

function* filesBelow(root: string, input: string): Iterable<string> {
  const full = path.join(root, input);
  if (!existsSync(full)) return;
  if (statSync(full).isFile()) {
    if (!/\.test\.tsx?$/.test(input)) yield input;
    return;
  }
  for (const entry of readdirSync(full)) yield* filesBelow(root, `${input}/${entry}`);
}
