import { canonicalJson } from '../../base/canonical-json.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { ParsedInput } from '../../contract/index.ts';
import type { ModelFile } from '../../contract/model-files.ts';
import type { Program } from '../../contract/models/program.ts';
import { type TraceRequest, traceModelFile } from '../../sandbox/trace-model-file.ts';
import { type StoredModelFile, sha256 } from '../../storage/index.ts';
import type { Caller, EngineContext, HandlersOf } from '../core/context.ts';

/** A config is checked as it is written: what one text builds for one kind of data is asked many times. */
const KEPT = 32;

/** Model files in the workspace, and what they build. */
export class ModelFiles {
  readonly #context: EngineContext;
  readonly #programs = new Map<string, Promise<Program>>();

  readonly handlers: HandlersOf<'modelFiles'> = {
    'modelFiles.list': () => this.#context.workspace.modelFiles.list().map(describe),
    'modelFiles.read': ({ path }) => {
      const file = this.find(path);
      return file === undefined ? null : { ...describe(file), text: file.text };
    },
    'modelFiles.write': (input, caller) => this.#write(input, caller),
  };

  constructor(context: EngineContext) {
    this.#context = context;
  }

  /** @throws LightbenchError source.unreadable */
  find(path: string): StoredModelFile | undefined {
    return this.#context.workspace.modelFiles.find(path);
  }

  /** The program that runs a model file, for whoever starts it elsewhere. */
  get programPath(): string {
    return this.#context.workerEntry('model-file').path;
  }

  /** @throws LightbenchError model_file.invalid, model_file.stopped */
  programOf(file: { readonly path: string; readonly text: string }, request: TraceRequest): Promise<Program> {
    const key = sha256(canonicalJson({ ...file, request }));
    const known = this.#programs.get(key);
    if (known !== undefined) return known;
    const made = traceModelFile(file, request, this.programPath);
    this.#programs.set(key, made);
    // What crashed may succeed at the next attempt; what is wrong with the file stays wrong.
    made.catch((error) => {
      if (LightbenchError.from(error).code !== 'model_file.invalid') this.#programs.delete(key);
    });
    const [oldest] = this.#programs.keys();
    if (this.#programs.size > KEPT && oldest !== undefined) this.#programs.delete(oldest);
    return made;
  }

  #write({ path, text, expectedDigest }: ParsedInput<'modelFiles.write'>, caller: Caller): ModelFile {
    const { workspace } = this.#context;
    const before = this.find(path);
    if ((before?.digest ?? null) !== expectedDigest)
      throw before !== undefined && expectedDigest === null
        ? new LightbenchError('record.exists', `There is a file ${path} already.`)
        : new LightbenchError('record.conflict', `${path} was changed or removed outside of this editor.`, {
            suggestion: 'Open it again, or save under another name.',
          });
    const written = workspace.modelFiles.write(path, text);
    if (before?.digest === written.digest) return describe(written);
    workspace.transaction(() =>
      workspace.ledger.append({
        actor: caller.userName,
        action: 'model_file.saved',
        subject: path,
        summary: `${caller.userName} ${before === undefined ? 'wrote' : 'changed'} the model file ${path}.`,
        payload: { digest: written.digest, before: before?.digest ?? null },
      }),
    );
    this.#context.changed('model_files', [path], caller.userName);
    this.#context.changed('ledger');
    return describe(written);
  }
}

const describe = ({ path, digest, modifiedMs }: StoredModelFile): ModelFile => ({
  path,
  digest,
  modifiedAt: new Date(modifiedMs).toISOString(),
});
