/**
 * A bundle is a folder with everything a model needs to run elsewhere. `checksums.txt` (the format of sha256sum) lists
 * every other file that belongs to it, and the SHA-256 of `checksums.txt` is the digest of the bundle. Files that are not
 * listed, such as installed packages, do not belong to it.
 */
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelSpecification } from '../open-inference/inference-request.ts';
import { BundleError } from './bundle-error.ts';
import { GENERATION, type GenerationDescription } from './generation.ts';

export const BUNDLE_FORMAT = 'lightbench-bundle/1';
export const CHECKSUMS = 'checksums.txt';
export const MODEL = 'model.onnx';

/** `bundle.json`: which model this is. */
export interface BundleDescription {
  readonly format: typeof BUNDLE_FORMAT;
  readonly modelName: string;
  readonly version: number;
  readonly modelVersionDigest: string;
  readonly task: string;
}

export interface OpenBundle extends BundleDescription {
  readonly digest: string;
  readonly classes: readonly string[];
  readonly signature: ModelSpecification;
  readonly onnx: Uint8Array;
  /** Of a model that writes text; `onnx` where its graph is not the model's. */
  readonly generation?: GenerationDescription & { readonly onnx?: Uint8Array };
}

interface Entry {
  readonly path: string;
  readonly sha256: string;
}

/** The text of `checksums.txt`, in the order of the paths; `sha256sum --check checksums.txt` understands it. */
export function writeChecksums(files: readonly Entry[]): string {
  return files
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path, sha256 }) => `${sha256}  ${path}\n`)
    .join('');
}

/** Whatever is wrong with a bundle, one sentence per file; empty when it is what was exported. */
export async function verifyBundle(folder: string, expectedDigest?: string): Promise<string[]> {
  let entries: readonly Entry[];
  try {
    entries = readChecksums(folder, expectedDigest);
  } catch (error) {
    return [(error as BundleError).message];
  }
  const problems: string[] = [];
  for (const { path, sha256 } of entries) {
    const found = await hashFile(join(folder, path));
    if (found === undefined) problems.push(`${path} is missing.`);
    else if (found !== sha256) problems.push(`${path} was altered.`);
  }
  return problems;
}

/**
 * Checks every file and reads what a server needs.
 *
 * @throws BundleError naming what is wrong
 */
export async function openBundle(folder: string, expectedDigest?: string): Promise<OpenBundle> {
  const problems = await verifyBundle(folder, expectedDigest);
  if (problems.length > 0) throw new BundleError(`${folder}: ${problems.join(' ')}`);
  const entries = readChecksums(folder, expectedDigest);
  // What was hashed above may be replaced before it is read here; these are hashed as they were read.
  const read = (path: string): Uint8Array => {
    const bytes = readFileSync(join(folder, path));
    const entry = entries.find((one) => one.path === path);
    if (entry === undefined || hashBytes(bytes) !== entry.sha256)
      throw new BundleError(`${folder}: ${path} is not what ${CHECKSUMS} says.`);
    return bytes;
  };
  const json = (path: string) => JSON.parse(Buffer.from(read(path)).toString('utf8'));
  const description = json('bundle.json') as BundleDescription;
  if (description.format !== BUNDLE_FORMAT)
    throw new BundleError(
      `${folder} is a bundle of the format ${description.format}; this program reads ${BUNDLE_FORMAT}.`,
    );
  const generation = entries.some(({ path }) => path === GENERATION)
    ? (json(GENERATION) as GenerationDescription)
    : undefined;
  return {
    ...description,
    digest: hashBytes(readFileSync(join(folder, CHECKSUMS))),
    classes: (json('labels.json') as { classes: string[] }).classes,
    signature: json('signature.json') as ModelSpecification,
    onnx: read(MODEL),
    ...(generation === undefined
      ? {}
      : { generation: generation.graph === MODEL ? generation : { ...generation, onnx: read(generation.graph) } }),
  };
}

function readChecksums(folder: string, expectedDigest: string | undefined): readonly Entry[] {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(join(folder, CHECKSUMS));
  } catch (error) {
    throw new BundleError(`${CHECKSUMS} cannot be read (${(error as { code?: string }).code}): this is no bundle.`);
  }
  const digest = hashBytes(bytes);
  if (expectedDigest !== undefined && digest !== expectedDigest)
    throw new BundleError(`${CHECKSUMS} was altered: its digest is ${digest} instead of ${expectedDigest}.`);
  const lines = Buffer.from(bytes).toString('utf8').split('\n').slice(0, -1);
  return lines.map((line, index) => {
    const match = /^([0-9a-f]{64}) {2}(.+)$/.exec(line);
    const path = match?.[2];
    // A path that leaves the folder would make the check read whatever it likes.
    if (match === null || path === undefined || path.split('/').includes('..') || path.startsWith('/'))
      throw new BundleError(`Line ${index + 1} of ${CHECKSUMS} is not a checksum.`);
    return { sha256: match[1], path };
  });
}

async function hashFile(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  } catch {
    return undefined;
  }
  return hash.digest('hex');
}

function hashBytes(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
