import type { RunConfig } from '../../contract/run-config.ts';
import type { Run } from '../../contract/training.ts';
import type { ModelSources } from '../../models/index.ts';
import type { Problem } from './config-text.ts';

/** The config with what it names outside itself told by digest, and where the bytes are. */
export interface ResolvedModel {
  readonly config: RunConfig;
  readonly sources: ModelSources;
  readonly problem: Problem | null;
  /** Of an ensemble: the runs that its members come from. */
  readonly members?: readonly MemberRun[];
  /** Of a distillation: the run that is imitated. */
  readonly teacher?: MemberRun;
}

/** A trained model that is asked for as a member or as a teacher, and where it comes from. */
export interface MemberRun {
  /** As the config names it. */
  readonly reference: string;
  readonly run: Run;
  readonly config: RunConfig;
  readonly checkpoint: string;
}
