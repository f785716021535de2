import type { RunConfig } from '../../contract/run-config.ts';
import { runConfig } from '../../contract/run-config.ts';
import type { Workspace } from '../../storage/index.ts';
import { sourcesFrom } from './checkpoint-bytes.ts';
import type { Problem } from './config-text.ts';
import type { MemberRun, ResolvedModel } from './resolved-model.ts';

type EnsembleConfig = Extract<RunConfig['model'], { kind: 'ensemble' }>;

/** Finds the runs or registered models that an ensemble names, and the weights that each of them has now. */
export function resolveEnsemble(config: RunConfig, model: EnsembleConfig, workspace: Workspace): ResolvedModel {
  const sources = sourcesFrom((digest) => workspace.artifacts.read(digest));
  const members: MemberRun[] = [];
  for (const [index, reference] of model.members.entries()) {
    const found = findMember(reference, workspace, model.checkpoints?.[index], 'a member');
    if ('message' in found) {
      const problem: Problem = { severity: 'error', path: ['model', 'members', index], ...found };
      return { config, sources, problem };
    }
    members.push(found);
  }
  const checkpoints = members.map(({ checkpoint }) => checkpoint);
  return { config: { ...config, model: { ...model, checkpoints } }, sources, problem: null, members };
}

/** @param kept the weights that an earlier start settled on @param role what it is asked for as */
export function findMember(
  reference: string,
  workspace: Workspace,
  kept: string | undefined,
  role: 'a member' | 'a teacher',
): MemberRun | Pick<Problem, 'message' | 'suggestion'> {
  const version = reference.includes('@') ? versionOf(workspace, reference) : undefined;
  const run = workspace.runs.get(version?.runId ?? reference);
  if (run === undefined)
    return {
      message: `There is no run and no registered model called ${reference}.`,
      suggestion: 'Write the id of a finished run, as its page shows it, or name@version of a registered model.',
    };
  const checkpoint = kept ?? version?.checkpointDigest ?? run.bestCheckpoint;
  if (checkpoint === null || (version === undefined && run.status !== 'FINISHED'))
    return {
      message: `${run.name} is ${run.status}: it cannot be ${role} yet.`,
      suggestion: 'Choose a finished run.',
    };
  const itsOwn = [version?.checkpointDigest, ...workspace.runs.checkpoints(run.id).map(({ digest }) => digest)];
  if (!itsOwn.includes(checkpoint))
    return {
      message: `${reference} has no weights ${checkpoint}.`,
      suggestion: 'Remove what names them by digest: a run fills it in.',
    };
  if (!workspace.artifacts.has(checkpoint))
    return { message: `The weights of ${reference} are no longer here.`, suggestion: 'Choose another run.' };
  const stored = workspace.runs.config(run.configDigest);
  return { reference, run, config: runConfig.parse(stored?.config), checkpoint };
}

function versionOf(workspace: Workspace, reference: string) {
  const at = reference.lastIndexOf('@');
  const [name, wanted] = [reference.slice(0, at), reference.slice(at + 1)];
  return workspace.registry.versions(name).find(({ version }) => String(version) === wanted);
}
