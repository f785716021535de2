import type { CompilableModel, ParameterGroup, ParameterValues } from '../graph/index.ts';

/** What a family makes of a spec. */
export interface Built extends CompilableModel {
  /** Weights to start from; those that are absent are drawn by the seed. */
  readonly parameters?: ParameterValues;
  /** Weights that stay as they are. */
  readonly parameterGroups?: readonly ParameterGroup[];
  /** The same function as it leaves the machine, where that is simpler than what trains. */
  readonly ship?: (parameters: ParameterValues) => {
    readonly model: CompilableModel;
    readonly parameters: ParameterValues;
  };
}
