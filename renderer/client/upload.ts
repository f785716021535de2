import { errorRecord, LightbenchError } from '../../main/contract/errors.ts';
import { desktop } from './connection.ts';
import type { DroppedFile } from './upload-source.ts';
import { sourceOf } from './upload-source.ts';

export type { DroppedFile } from './upload-source.ts';

/** As many as a browser opens to one origin over HTTP/1.1, less one for calls. */
const parallelUploads = 5;

export interface UploadProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly doneFiles: number;
  readonly totalFiles: number;
}

/**
 * Brings dropped files to where the engine can read them and returns that path: on the desktop the files stay where
 * they are; in browser mode they are sent to the uploads folder of the workspace.
 */
export async function upload(
  files: readonly DroppedFile[],
  onProgress: (progress: UploadProgress) => void,
  signal?: AbortSignal,
): Promise<string> {
  if (files.length === 0) throw new LightbenchError('source.empty', 'Nothing was dropped.');
  const local = localPath(files);
  if (local !== null) return local;

  const uploadId = crypto.randomUUID();
  const totalBytes = files.reduce((sum, entry) => sum + entry.file.size, 0);
  let doneBytes = 0;
  let doneFiles = 0;
  let root = '';
  const waiting = files.values();
  const sendSome = async () => {
    for (const { file, relativePath } of waiting) {
      root = `${await put(uploadId, relativePath, file, signal)}/`;
      doneBytes += file.size;
      doneFiles += 1;
      onProgress({ doneBytes, totalBytes, doneFiles, totalFiles: files.length });
    }
  };
  onProgress({ doneBytes, totalBytes, doneFiles, totalFiles: files.length });
  await Promise.all(Array.from({ length: parallelUploads }, sendSome));
  return sourceOf(root, files);
}

/** Every file below what was dropped, folders walked. */
export async function droppedFiles(transfer: DataTransfer): Promise<readonly DroppedFile[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found: DroppedFile[] = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

function localPath(files: readonly DroppedFile[]): string | null {
  const first = files[0];
  if (desktop === undefined || first === undefined) return null;
  const path = desktop.pathForFile(first.file);
  if (path === '') return null;
  const normal = path.replaceAll('\\', '/');
  const root = normal.endsWith(first.relativePath)
    ? path.slice(0, path.length - first.relativePath.length)
    : path.slice(0, path.length - first.file.name.length);
  return sourceOf(root, files);
}

async function put(uploadId: string, relativePath: string, file: File, signal?: AbortSignal): Promise<string> {
  const encoded = relativePath.split('/').map(encodeURIComponent).join('/');
  const response = await fetch(`/api/upload/${uploadId}/${encoded}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream' },
    body: file,
    credentials: 'same-origin',
    signal: signal ?? null,
  });
  const reply = (await response.json().catch(() => null)) as { path?: unknown; error?: unknown } | null;
  if (response.ok && typeof reply?.path === 'string') return reply.path;
  const record = errorRecord.safeParse(reply?.error ?? reply);
  if (record.success) throw LightbenchError.fromRecord(record.data);
  throw new LightbenchError('internal.unexpected', `Uploading ${relativePath} failed with status ${response.status}.`);
}

async function walk(entry: FileSystemEntry, found: DroppedFile[]): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    found.push({ file, relativePath: entry.fullPath.replace(/^\//, '') });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // readEntries answers in batches of about a hundred until it answers with none.
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) return;
    for (const child of batch) await walk(child, found);
  }
}
