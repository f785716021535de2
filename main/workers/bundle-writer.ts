import { createHash } from 'node:crypto';
import { closeSync, createReadStream, fsyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Zip, ZipDeflate, ZipPassThrough } from 'fflate';
import { type BundleWriterResult, bundleWriterInput } from '../contract/bundle-worker.ts';
import { LightbenchError } from '../contract/errors.ts';
import { CHECKSUMS, writeChecksums } from '../formats/bundle/bundle-folder.ts';
import { runWorker, type WorkerChannel } from './worker-channel.ts';

const CHUNK_BYTES = 1 << 20;
/** Where the classic zip format ends; fflate does not write the longer one. */
const LARGEST_ZIP_BYTES = 0xffffffff;
/** The first moment the format knows, in local time as it wants: the same files give the same archive, whenever made. */
const ZIP_TIME = new Date(1980, 0, 1);

type WrittenFile = BundleWriterResult['files'][number];

/** Writes the files of a bundle, its checksums and its archive, each fsynced. Names are given by whoever renames them. */
runWorker(bundleWriterInput, async ({ folder, zipPath, rootName, files }, channel): Promise<BundleWriterResult> => {
  try {
    mkdirSync(folder, { recursive: true });
    const written: WrittenFile[] = [];
    const total = files.length + 1;
    for (const file of files) {
      written.push(await writeFile(folder, file.path, chunksOf(file), channel));
      channel.send({ done: written.length, total, phase: 'Writing files' });
    }
    const checksums = await writeFile(folder, CHECKSUMS, chunksOf({ text: writeChecksums(written) }), channel);
    const all = [...written, checksums].toSorted((a, b) => (a.path < b.path ? -1 : 1));
    channel.send({ done: total, total, phase: 'Writing files' });
    await writeZip(folder, zipPath, rootName, all, channel);
    return { digest: checksums.sha256, files: all, sizeBytes: all.reduce((sum, file) => sum + file.sizeBytes, 0) };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    rmSync(zipPath, { force: true });
    throw LightbenchError.from(error);
  }
});

async function* chunksOf(
  file: { readonly text: string } | { readonly bytes: Uint8Array } | { readonly source: string },
): AsyncGenerator<Uint8Array> {
  if ('source' in file) yield* createReadStream(file.source, { highWaterMark: CHUNK_BYTES });
  else yield 'text' in file ? Buffer.from(file.text, 'utf8') : file.bytes;
}

async function writeFile(
  folder: string,
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  channel: WorkerChannel,
): Promise<WrittenFile> {
  const target = join(folder, path);
  mkdirSync(dirname(target), { recursive: true });
  const hash = createHash('sha256');
  const output = new OutputFile(target);
  for await (const chunk of chunks) {
    stopIfAsked(channel);
    hash.update(chunk);
    output.write(chunk);
  }
  output.finish();
  return { path, sha256: hash.digest('hex'), sizeBytes: output.sizeBytes };
}

async function writeZip(
  folder: string,
  zipPath: string,
  rootName: string,
  files: readonly WrittenFile[],
  channel: WorkerChannel,
): Promise<void> {
  const bytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  if (bytes > LARGEST_ZIP_BYTES)
    throw new LightbenchError('request.invalid', `The bundle has ${bytes} bytes; a .zip archive holds 4 GiB.`);
  const output = new OutputFile(zipPath);
  let failure: Error | null = null;
  const zip = new Zip((error, chunk) => {
    if (error !== null) failure ??= error;
    else output.write(chunk);
  });
  for (const [index, { path, sizeBytes }] of files.entries()) {
    const name = `${rootName}/${path}`;
    const entry = sizeBytes === 0 ? new ZipPassThrough(name) : new ZipDeflate(name, { level: 6 });
    entry.mtime = ZIP_TIME;
    zip.add(entry);
    for await (const chunk of createReadStream(join(folder, path), { highWaterMark: CHUNK_BYTES })) {
      stopIfAsked(channel);
      entry.push(chunk as Uint8Array);
    }
    entry.push(new Uint8Array(), true);
    channel.send({ done: index + 1, total: files.length, phase: 'Writing the archive' });
  }
  zip.end();
  if (failure !== null) throw failure;
  output.finish();
}

function stopIfAsked(channel: WorkerChannel): void {
  if (channel.signal.aborted) throw new LightbenchError('job.cancelled', 'The export was cancelled.');
}

/** A file that is on the disk when `finish` returns. */
class OutputFile {
  sizeBytes = 0;
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'wx');
  }

  write(bytes: Uint8Array): void {
    for (let offset = 0; offset < bytes.byteLength; ) offset += writeSync(this.#file, bytes, offset);
    this.sizeBytes += bytes.byteLength;
  }

  finish(): void {
    fsyncSync(this.#file);
    closeSync(this.#file);
  }
}
