import { fork } from 'node:child_process';
import { z } from 'zod';
import { LightbenchError } from '../contract/errors.ts';
import { type Program, program } from '../contract/models/program.ts';
import { realmModules } from './realm-modules.ts';

/** Building a model takes a fraction of a second; a process has to start as well. */
const TIME_LIMIT_MS = 15_000;
const MEMORY_LIMIT_MB = 256;
const STDERR_TAIL = 4000;

export interface ModelFile {
  /** As people know it, such as `models/my-net.ts`. */
  readonly path: string;
  readonly text: string;
}

/** What the model is built for. */
export interface TraceRequest {
  readonly task: string;
  readonly input: object;
  readonly output: object;
  readonly options: Readonly<Record<string, unknown>>;
}

const reply = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('program'), program: z.string().max(50_000_000) }),
  z.strictObject({
    kind: z.literal('problem'),
    message: z.string(),
    line: z.int().nullable(),
    column: z.int().nullable(),
  }),
]);
type Reply = z.infer<typeof reply>;

/**
 * Runs a model file in a process of its own that can reach nothing, and takes from it what the model is, as data.
 *
 * @param programPath of `main/workers/model-file`
 * @throws LightbenchError model_file.invalid, with the line in its details, when the file does not make a model;
 *   model_file.stopped when it takes too long or too much memory
 */
export async function traceModelFile(
  file: ModelFile,
  request: TraceRequest,
  programPath: string,
  { timeLimitMs = TIME_LIMIT_MS }: { readonly timeLimitMs?: number } = {},
): Promise<Program> {
  const said = await ask(file, request, programPath, timeLimitMs);
  if (said.kind === 'problem') {
    const { message, line, column } = said;
    throw invalid(file, line === null ? message : `Line ${line}: ${message}`, {
      problem: message,
      ...(line === null ? {} : { line, column: column ?? 1 }),
    });
  }
  const parsed = program.safeParse(fromJson(said.program));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalid(file, `What the file builds is no model: ${issue?.path.join('.')}: ${issue?.message}.`, {});
}

function invalid({ path }: ModelFile, cause: string, details: Record<string, unknown>): LightbenchError {
  return new LightbenchError('model_file.invalid', `${path}: ${cause}`, { details: { file: path, ...details } });
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function ask(file: ModelFile, request: TraceRequest, programPath: string, timeLimitMs: number): Promise<Reply> {
  const child = fork(programPath, [], {
    serialization: 'json',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // Nothing of this process's surroundings: neither its variables nor its folder.
    env: {},
    execArgv: [
      '--permission',
      '--experimental-vm-modules',
      '--disallow-code-generation-from-strings',
      '--no-warnings',
      `--max-old-space-size=${MEMORY_LIMIT_MB}`,
    ],
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_TAIL);
  });
  return new Promise<Reply>((resolve, reject) => {
    const stopped = (cause: string) =>
      reject(new LightbenchError('model_file.stopped', `${file.path}: ${cause}`, { details: { file: file.path } }));
    const timer = setTimeout(() => {
      stopped(`It has not built its model after ${timeLimitMs / 1000} s.`);
      child.kill('SIGKILL');
    }, timeLimitMs);
    child.on('message', (raw) => {
      const parsed = reply.safeParse(raw);
      if (parsed.success) resolve(parsed.data);
      else reject(new LightbenchError('model_file.invalid', `${file.path}: What it says is not understood.`));
      child.kill('SIGKILL');
    });
    child.on('error', (error) =>
      reject(
        new LightbenchError('worker.crashed', `The process for ${file.path} could not be started: ${error.message}`, {
          cause: error,
        }),
      ),
    );
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (/heap out of memory|Allocation failed|FatalProcessOutOfMemory/i.test(stderr))
        stopped(`It needs more than ${MEMORY_LIMIT_MB} MB of memory.`);
      else
        reject(
          new LightbenchError(
            'worker.crashed',
            `The process for ${file.path} ended ${signal === null ? `with exit code ${code}` : `by ${signal}`}. ${stderr.trim()}`,
          ),
        );
    });
    child.send({
      type: 'start',
      input: {
        realm: realmModules(programPath),
        file: file.path,
        text: file.text,
        request: JSON.stringify(request),
      },
    });
  });
}
