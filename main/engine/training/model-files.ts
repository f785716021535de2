import { readFile } from 'node:fs/promises';
import { LightbenchError } from '../../contract/errors.ts';
import type { RunConfig } from '../../contract/run-config.ts';
import { sourceError } from '../../contract/source-errors.ts';
import { sha256, type Workspace } from '../../storage/index.ts';
import { sourcesFrom } from './checkpoint-bytes.ts';
import { findMember, resolveEnsemble } from './ensemble-members.ts';
import type { ResolvedModel } from './resolved-model.ts';

type ImportedConfig = Extract<RunConfig['model'], { kind: 'imported' }>;

/** The digests of what a run is made of besides its config: files, trained members, a teacher. */
export function artifactsOf({ model, loss }: RunConfig): readonly string[] {
  const teacher = loss.kind === 'distillation' && loss.checkpoint !== undefined ? [loss.checkpoint] : [];
  return [...new Set([...artifactsOfModel(model), ...teacher])];
}

function artifactsOfModel(model: RunConfig['model']): readonly string[] {
  if (model.kind === 'ensemble') return model.checkpoints ?? [];
  return (model.kind === 'imported' || model.kind === 'own') && model.artifact !== undefined ? [model.artifact] : [];
}

/**
 * Finds what the model of a config names: an ONNX file on the disk, among registered models or in the workspace, a model
 * file, or the trained members of an ensemble; and the teacher that its loss names.
 * @param draft a model file as it is being written
 */
export async function resolveModel(config: RunConfig, workspace: Workspace, draft?: Draft): Promise<ResolvedModel> {
  const { loss } = config;
  const resolved = await resolveOwnModel(config, workspace, draft);
  if (loss.kind !== 'distillation' || resolved.problem !== null) return resolved;
  const teacher = findMember(loss.teacher, workspace, loss.checkpoint, 'a teacher');
  if ('message' in teacher)
    return { ...resolved, problem: { severity: 'error', path: ['loss', 'teacher'], ...teacher } };
  return {
    ...resolved,
    config: { ...resolved.config, loss: { ...loss, checkpoint: teacher.checkpoint } },
    teacher,
  };
}

async function resolveOwnModel(config: RunConfig, workspace: Workspace, draft?: Draft): Promise<ResolvedModel> {
  const { model } = config;
  if (model.kind === 'own') return resolveModelFile(config, model, workspace, draft);
  if (model.kind === 'ensemble') return resolveEnsemble(config, model, workspace);
  return resolveImported(config, workspace);
}

interface Draft {
  readonly path: string;
  readonly text: string;
}

function resolveModelFile(
  config: RunConfig,
  model: Extract<RunConfig['model'], { kind: 'own' }>,
  workspace: Workspace,
  draft: Draft | undefined,
): ResolvedModel {
  const stored = sourcesFrom((digest) => workspace.artifacts.read(digest));
  const refuse = (key: 'file' | 'artifact', message: string, suggestion: string): ResolvedModel => ({
    config,
    sources: stored,
    problem: { severity: 'error', path: ['model', key], message, suggestion },
  });
  if (model.artifact !== undefined) {
    if (workspace.artifacts.has(model.artifact)) return { config, sources: stored, problem: null };
    return refuse(
      'artifact',
      'The workspace keeps no file of this digest.',
      'Remove artifact to use the file as it is.',
    );
  }
  try {
    const text = draft?.path === model.file ? draft.text : workspace.modelFiles.find(model.file)?.text;
    if (text === undefined)
      return refuse(
        'file',
        `The workspace has no ${model.file}.`,
        'Choose a template with your own model, or write it.',
      );
    const bytes = Buffer.from(text, 'utf8');
    const digest = sha256(bytes);
    const sources = sourcesFrom((asked) => (asked === digest ? bytes : workspace.artifacts.read(asked)));
    return { config: { ...config, model: { ...model, artifact: digest } }, sources, problem: null };
  } catch (cause) {
    const { message, suggestion } = LightbenchError.from(cause);
    return refuse('file', message, suggestion);
  }
}

async function resolveImported(config: RunConfig, workspace: Workspace): Promise<ResolvedModel> {
  const stored = sourcesFrom((digest) => workspace.artifacts.read(digest));
  const { model } = config;
  if (model.kind !== 'imported') return { config, sources: stored, problem: null };
  const refuse = (key: keyof ImportedConfig, message: string, suggestion: string): ResolvedModel => ({
    config,
    sources: stored,
    problem: { severity: 'error', path: ['model', key], message, suggestion },
  });
  const { file, version, artifact } = model;
  if ([file, version, artifact].filter((each) => each !== undefined).length !== 1)
    return refuse(
      'kind',
      'An imported model is one file.',
      'Write file: with a path, or version: with a registered model as name@version.',
    );
  if (version !== undefined) {
    const digest = onnxOfVersion(workspace, version);
    return digest === undefined
      ? refuse('version', `No registered model is called ${version}.`, 'Look under Models, or write file: with a path.')
      : { config: { ...config, model: { ...model, artifact: digest } }, sources: stored, problem: null };
  }
  if (artifact !== undefined) {
    if (workspace.artifacts.has(artifact)) return { config, sources: stored, problem: null };
    return refuse('artifact', 'The workspace keeps no file of this digest.', 'Write file: with a path instead.');
  }
  try {
    const bytes = await readFile(file ?? '');
    const digest = sha256(bytes);
    const sources = sourcesFrom((asked) => (asked === digest ? bytes : workspace.artifacts.read(asked)));
    return { config: { ...config, model: { ...model, artifact: digest } }, sources, problem: null };
  } catch (cause) {
    return refuse(
      'file',
      `${file}: ${sourceError(cause).title}.`,
      'Check the path. If a run used the file before, its parameter model.artifact names the copy in the workspace.',
    );
  }
}

/** `name@version`, or a name, which means its newest version. */
export function onnxOfVersion(workspace: Workspace, reference: string): string | undefined {
  const at = reference.lastIndexOf('@');
  const [name, wanted] = at > 0 ? [reference.slice(0, at), reference.slice(at + 1)] : [reference, undefined];
  const versions = workspace.registry.versions(name);
  const found = versions
    .filter(({ version }) => wanted === undefined || String(version) === wanted)
    .toSorted((a, b) => b.version - a.version);
  return found[0]?.onnxDigest;
}
