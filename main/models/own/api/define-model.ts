import { GraphError } from '../../../graph/index.ts';

/** As a file says it; what it really is is seen when it is used. */
export interface Definition {
  readonly task: string | readonly string[];
  readonly options?: Readonly<Record<string, unknown>>;
  readonly build: (given: {
    readonly input: unknown;
    readonly output: unknown;
    readonly options: Readonly<Record<string, unknown>>;
  }) => unknown;
}

export class ModelDefinition {
  readonly definition: Definition;

  constructor(definition: Definition) {
    this.definition = definition;
    Object.freeze(this);
  }
}

/** @throws GraphError where the parts are missing */
export function defineModel(definition: Definition): ModelDefinition {
  if (typeof definition !== 'object' || definition === null || typeof definition.build !== 'function')
    throw new GraphError('invalid-argument', 'defineModel takes { task, options, build }, and build is a function.');
  return new ModelDefinition(definition);
}
