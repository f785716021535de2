import type { CompilableModel } from '../graph/index.ts';
import { graphNetwork } from './graph/graph-network.ts';
import type { ArchitectureSpec, InputSignature, LayeredSpec, OutputSignature } from './specification.ts';

/** Builds the whole model of a spec, output layer included. @throws GraphError where sizes or signatures do not fit. */
export type Family<Spec> = (spec: Spec, input: InputSignature, output: OutputSignature) => CompilableModel;

type FamilySpec = Exclude<ArchitectureSpec, LayeredSpec>;
type Families = { readonly [Kind in FamilySpec['kind']]: Family<Extract<FamilySpec, { kind: Kind }>> };

/** What is more than a list of layers: one entry per kind, its spec and its builder in a folder of their own. */
const families: Families = {
  graph_network: graphNetwork,
};

export const familyOf = (kind: string): Family<ArchitectureSpec> | undefined =>
  (families as Readonly<Record<string, Family<ArchitectureSpec>>>)[kind];
