import type { ProcedureInput, ProcedureName, ProcedureOutput } from '../../main/contract/index.ts';

/** What a row may use to find its subject. */
export interface Stage {
  readonly call: <N extends ProcedureName>(name: N, input: ProcedureInput<N>) => Promise<ProcedureOutput<N>>;
  /** Digest of the newest version of each sample. */
  readonly digits: string;
  readonly penguins: string;
  readonly series: string;
}
