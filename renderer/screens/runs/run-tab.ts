import type { ProcedureOutput } from '../../../main/contract/index.ts';
import type { Run } from '../../../main/contract/training.ts';
import type { RunLive } from './use-run-live.ts';

/** What every tab of a run's page is given. */
export interface RunTabProps {
  readonly run: Run;
  readonly record: ProcedureOutput<'runs.get'>;
  readonly live: RunLive;
}
