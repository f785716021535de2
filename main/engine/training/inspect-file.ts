import { readFile } from 'node:fs/promises';
import { LightbenchError } from '../../contract/errors.ts';
import { type OnnxInspection, onnxInspection } from '../../contract/models/imported.ts';
import { sourceError } from '../../contract/source-errors.ts';
import { GraphError } from '../../graph/index.ts';
import { inspectOnnx } from '../../models/index.ts';
import type { Workspace } from '../../storage/index.ts';
import { onnxOfVersion } from './model-files.ts';

/**
 * Looks into a file before it is fine-tuned.
 * @throws LightbenchError source.not_found, source.unreadable, source.damaged, record.not_found, request.invalid
 */
export async function inspectFile(
  { file, version }: { readonly file?: string | undefined; readonly version?: string | undefined },
  workspace: Workspace,
): Promise<OnnxInspection> {
  const bytes = await bytesOf(file, version, workspace);
  try {
    const found = inspectOnnx(bytes);
    return onnxInspection.parse({ ...found, sizeBytes: bytes.byteLength });
  } catch (cause) {
    if (!(cause instanceof GraphError)) throw cause;
    throw new LightbenchError(
      'source.damaged',
      `${file ?? version} is no ONNX file that can be read: ${cause.message}`,
      {
        suggestion: 'Choose an .onnx file, or get a fresh copy of this one.',
        cause,
      },
    );
  }
}

async function bytesOf(file: string | undefined, version: string | undefined, workspace: Workspace): Promise<Buffer> {
  if (version !== undefined) {
    const digest = onnxOfVersion(workspace, version);
    if (digest === undefined)
      throw new LightbenchError('record.not_found', `No registered model is called ${version}.`);
    return workspace.artifacts.read(digest);
  }
  if (file === undefined) throw new LightbenchError('request.invalid', 'Name a file or a registered model.');
  try {
    return await readFile(file);
  } catch (cause) {
    throw sourceError(cause);
  }
}
