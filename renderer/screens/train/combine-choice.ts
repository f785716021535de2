import type { Run } from '../../../main/contract/training.ts';
import { valueAt } from '../../components/editor/index.tsx';

export type Combination = 'average' | 'stacking';

/** The members that a config of an ensemble names. */
export function membersOf(yaml: string): readonly string[] {
  const members: string[] = [];
  for (let index = 0; ; index++) {
    const member = valueAt(yaml, ['model', 'members', index]);
    if (member === undefined) return members;
    members.push(String(member));
  }
}

/** The runs that may be members: finished, of one task. An ensemble may be one itself. */
export function candidatesOf(runs: readonly Run[], task: string): readonly Run[] {
  return runs.filter((run) => run.task === task && run.status === 'FINISHED' && run.bestCheckpoint !== null);
}

/** How good a run was on validation, in a few words. */
export function headlineOf({ metrics }: Pick<Run, 'metrics'>): string {
  const accuracy = metrics['best.validation_accuracy'];
  const loss = metrics['best.validation_loss'];
  if (accuracy !== undefined) return `validation accuracy ${(accuracy * 100).toFixed(1)} %`;
  return loss === undefined ? 'not validated' : `validation loss ${Number(loss.toPrecision(3))}`;
}
