import { GraphError } from '../graph/index.ts';
import type { OutputSignature } from './specification.ts';

/** How many numbers per sample a model of one class or one regression says. @throws GraphError `unsupported` for others */
export function unitsOf(output: OutputSignature, what: string): number {
  if (output.kind === 'classification') return output.classes;
  if (output.kind === 'regression') return output.outputs;
  throw new GraphError('unsupported', `${what} cannot end in ${output.kind}.`);
}
