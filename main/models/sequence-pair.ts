import type { CompilableModel, Module } from '../graph/index.ts';
import { GraphError } from '../graph/index.ts';
import type { InputSignature, OutputSignature } from './specification.ts';

interface TokenSequence {
  readonly length: number;
  readonly vocabulary: number;
}

/** What an encoder–decoder reads and what it writes. */
export interface SequencePair {
  readonly source: TokenSequence;
  readonly target: TokenSequence;
}

/** @throws GraphError `unsupported` where the signatures are not of one sequence of tokens to another */
export function sequencePair(input: InputSignature, output: OutputSignature): SequencePair {
  if (input.kind !== 'tokens' || output.kind !== 'tokens' || output.length === undefined)
    throw new GraphError(
      'unsupported',
      `An encoder–decoder turns one sequence of tokens into another, not ${input.kind} into ${output.kind}.`,
    );
  return { source: input, target: { length: output.length, vocabulary: output.vocabulary } };
}

/** A module that reads the source as `x` and what stands before each target token as `target`, int64 [batch, length]. */
export function encoderDecoder(module: Module, { source, target }: SequencePair): CompilableModel {
  return {
    module,
    inputShape: [source.length],
    inputType: 'int64',
    moreInputs: [{ name: 'target', dtype: 'int64', shape: ['batch', target.length] }],
  };
}
