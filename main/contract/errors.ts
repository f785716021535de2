import { z } from 'zod';

/** What is wrong, seen from the person who has to do something about it. The list is closed: a new failure needs a row. */
interface ErrorEntry {
  /** A short headline, sentence case, no full stop. */
  readonly title: string;
  /** What to do next, one or two plain sentences. */
  readonly suggestion: string;
  /** The HTTP status of the browser door. */
  readonly status: number;
}

export const errorCodes = {
  'request.invalid': {
    title: 'The request is not valid',
    suggestion: 'Correct the fields named above and try again.',
    status: 400,
  },
  'request.unknown_procedure': {
    title: 'There is no such procedure',
    suggestion: 'Check the spelling; `lightbench procedures` lists them all.',
    status: 404,
  },
  'access.sign_in_required': {
    title: 'Sign in first',
    suggestion: 'Sign in under Settings › People, or pass --user on the command line.',
    status: 401,
  },
  'access.wrong_password': {
    title: 'The name or the password is wrong',
    suggestion: 'Check both and try again. An administrator can set a new password under Settings › People.',
    status: 401,
  },
  'access.forbidden': {
    title: 'Your roles do not allow this',
    suggestion: 'Ask an administrator for the role named above.',
    status: 403,
  },
  'access.door_closed': {
    title: 'This address is not let in',
    suggestion: 'Open the URL that `lightbench serve` printed, with its token, on this machine.',
    status: 403,
  },
  'record.not_found': {
    title: 'There is no such record',
    suggestion: 'It may have been deleted, or the id belongs to another workspace.',
    status: 404,
  },
  'record.conflict': {
    title: 'Somebody changed this in the meantime',
    suggestion: 'Reload, look at what changed, and repeat your change.',
    status: 409,
  },
  'record.exists': { title: 'The name is taken', suggestion: 'Choose another name.', status: 409 },
  'record.in_use': {
    title: 'Something still depends on this',
    suggestion: 'Remove what depends on it first; its lineage names it.',
    status: 409,
  },
  'workspace.locked': {
    title: 'Another Lightbench has this workspace open',
    suggestion: 'Close the other one, or work through it: `lightbench open --engine URL`.',
    status: 423,
  },
  'workspace.newer': {
    title: 'This workspace was written by a newer Lightbench',
    suggestion: 'Update Lightbench. The workspace was not touched.',
    status: 409,
  },
  'workspace.not_a_workspace': {
    title: 'This folder is not a Lightbench workspace',
    suggestion: 'Choose an empty folder, or one that Lightbench made.',
    status: 409,
  },
  'workspace.damaged': {
    title: 'Part of the workspace is damaged',
    suggestion: 'Run the check under Settings › Workspace: it names every damaged file. Restore those from a backup.',
    status: 500,
  },
  'storage.disk_full': {
    title: 'The disk is full',
    suggestion: 'Free some space and resume the job. What was finished is kept.',
    status: 507,
  },
  'storage.unwritable': {
    title: 'The workspace cannot be written',
    suggestion: 'Check the permissions of the folder and that its disk is mounted for writing.',
    status: 500,
  },
  'source.not_found': {
    title: 'The file or folder does not exist',
    suggestion: 'Check the path. A network or removable disk may not be mounted.',
    status: 404,
  },
  'source.unreadable': {
    title: 'The file or folder cannot be read',
    suggestion: 'Check its permissions.',
    status: 403,
  },
  'source.unrecognised': {
    title: 'The format is not recognised',
    suggestion:
      'Give an image folder with one sub-folder per class, an IDX pair, a CSV, TSV or Parquet table, or a DICOM series.',
    status: 422,
  },
  'source.damaged': {
    title: 'The file is damaged',
    suggestion: 'Get a fresh copy of the file named above.',
    status: 422,
  },
  'source.inconsistent': {
    title: 'The data contradicts itself',
    suggestion: 'Correct the rows or files named above and import again.',
    status: 422,
  },
  'source.empty': {
    title: 'There is nothing to import',
    suggestion: 'Check that the folder or table holds data.',
    status: 422,
  },
  'labels.unknown_class': {
    title: 'There is no such class',
    suggestion: 'Use one of the classes of the label set, or add the class first.',
    status: 422,
  },
  'config.invalid': {
    title: 'The configuration is not valid',
    suggestion: 'Correct the lines named above.',
    status: 422,
  },
  'config.unknown_key': {
    title: 'The configuration has an unknown key',
    suggestion: 'Use the suggested key, or remove the line.',
    status: 422,
  },
  'model_file.invalid': {
    title: 'The model file does not make a model',
    suggestion: 'Correct the line named above; resources/own-model.md shows a whole file.',
    status: 422,
  },
  'model_file.stopped': {
    title: 'The model file was stopped',
    suggestion: 'A model file only describes layers: take out loops without end and large lists.',
    status: 422,
  },
  'training.diverged': {
    title: 'The loss is no longer a number',
    suggestion: 'Lower the learning rate, clip the gradients, or look for broken inputs in the quality report.',
    status: 500,
  },
  'training.out_of_memory': {
    title: 'The run does not fit into memory',
    suggestion: 'Use the smaller batch size named above, or a smaller model.',
    status: 507,
  },
  'run.wrong_state': {
    title: 'The run is not in a state for this',
    suggestion: 'Look at its status; a finished run cannot be paused or resumed.',
    status: 409,
  },
  'job.wrong_state': {
    title: 'The job is not in a state for this',
    suggestion: 'Look at its status; a finished job cannot be cancelled or resumed.',
    status: 409,
  },
  'job.cancelled': {
    title: 'The job was cancelled',
    suggestion: 'Resume or start it again when you need it.',
    status: 409,
  },
  'job.interrupted': {
    title: 'The job was interrupted',
    suggestion: 'Resume it: it goes on from what was already saved.',
    status: 500,
  },
  'engine.unreachable': {
    title: 'The engine cannot be reached',
    suggestion: 'Check that `lightbench serve` still runs there and that the address and its tunnel are right.',
    status: 503,
  },
  'engine.no_runtime': {
    title: 'There is nothing here to run the engine on',
    suggestion: 'Install Node 22 or later, or name one with LIGHTBENCH_NODE, and start again.',
    status: 500,
  },
  'worker.crashed': {
    title: 'A worker process ended unexpectedly',
    suggestion: 'Resume the job. If it happens again, its log shows the last steps.',
    status: 500,
  },
  'device.unavailable': {
    title: 'The device is not available',
    suggestion: 'Choose another device; Settings › Devices says why each one is or is not offered.',
    status: 409,
  },
  'explanation.unsupported': {
    title: 'This model cannot be explained that way',
    suggestion: 'Choose another method.',
    status: 422,
  },
  'registry.approval_required': {
    title: 'This promotion needs an approval',
    suggestion: 'Ask another user with the approver role to decide under Review.',
    status: 409,
  },
  'registry.own_request': {
    title: 'Nobody approves their own request',
    suggestion: 'Ask another user with the approver role to decide.',
    status: 403,
  },
  'registry.no_previous': {
    title: 'There is no earlier version to go back to',
    suggestion: 'Promote a version first.',
    status: 409,
  },
  'bundle.parity_failed': {
    title: 'The bundle does not answer like the trained model',
    suggestion: 'It was not exported. The parity report shows where the outputs differ; report it with the run.',
    status: 500,
  },
  'bundle.damaged': {
    title: 'The bundle does not match its checksums',
    suggestion: 'Export it again from the registry.',
    status: 422,
  },
  'deployment.not_ready': {
    title: 'The model server is not ready',
    suggestion: 'Wait for it to report ready, or look at its log.',
    status: 503,
  },
  'deployment.port_in_use': {
    title: 'The port is taken',
    suggestion: 'Choose another port, or leave it empty to let Lightbench choose.',
    status: 409,
  },
  'deployment.bad_input': {
    title: 'The model server refused the input',
    suggestion: 'Compare the shape and datatype with the signature of the model.',
    status: 400,
  },
  'internal.unexpected': {
    title: 'Something unexpected went wrong',
    suggestion: 'Nothing was half-written. Try again; if it happens again, report it with the log.',
    status: 500,
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorCodes;

export const errorCode = z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]);

/** The form in which an error crosses a process. */
export const errorRecord = z.object({
  code: errorCode,
  title: z.string(),
  cause: z.string().describe('What exactly happened, with the names and numbers of this case'),
  suggestion: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
});
export type ErrorRecord = z.infer<typeof errorRecord>;

/** The only error that leaves the engine. `message` is the cause; title and suggestion follow from the code. */
export class LightbenchError extends Error {
  override readonly name = 'LightbenchError';
  readonly code: ErrorCode;
  readonly details: Record<string, unknown> | undefined;
  readonly suggestion: string;

  constructor(
    code: ErrorCode,
    cause: string,
    options: { suggestion?: string; details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(cause, { cause: options.cause });
    this.code = code;
    this.details = options.details;
    this.suggestion = options.suggestion ?? errorCodes[code].suggestion;
  }

  get title(): string {
    return errorCodes[this.code].title;
  }

  get status(): number {
    return errorCodes[this.code].status;
  }

  toRecord(): ErrorRecord {
    return {
      code: this.code,
      title: this.title,
      cause: this.message,
      suggestion: this.suggestion,
      ...(this.details === undefined ? {} : { details: this.details }),
    };
  }

  static fromRecord(record: ErrorRecord): LightbenchError {
    return new LightbenchError(record.code, record.cause, {
      suggestion: record.suggestion,
      ...(record.details === undefined ? {} : { details: record.details }),
    });
  }

  /** Anything thrown, as an entry of the list. System errors keep their meaning: a full disk is a full disk everywhere. */
  static from(error: unknown): LightbenchError {
    if (error instanceof LightbenchError) return error;
    const system = error as { code?: unknown; message?: unknown } | null;
    const message = error instanceof Error ? error.message : String(error);
    if (system?.code === 'ENOSPC' || system?.code === 'SQLITE_FULL' || system?.code === 'EDQUOT')
      return new LightbenchError('storage.disk_full', message, { cause: error });
    if (system?.code === 'EROFS' || system?.code === 'SQLITE_READONLY')
      return new LightbenchError('storage.unwritable', message, { cause: error });
    if (system?.code === 'SQLITE_CORRUPT' || system?.code === 'SQLITE_NOTADB')
      return new LightbenchError('workspace.damaged', message, { cause: error });
    return new LightbenchError('internal.unexpected', message || 'No message', { cause: error });
  }
}
