import type { LossSpec } from '../losses/loss.ts';
import { buildLoss } from '../losses/loss.ts';
import type { NamedOutput } from '../lowering/lower-graph.ts';
import type { Target } from '../lowering/target.ts';
import { STANDARD } from '../lowering/target.ts';
import { operators } from '../operators/index.ts';
import { gradients } from '../passes/gradients.ts';
import type { Tensor } from '../tensor.ts';
import { assemble } from './assemble.ts';
import type { CompilableModel, CompiledGraph } from './model.ts';
import { bindInputs, createGraph, modelInput, traceModel } from './model.ts';

export interface GradientsOptions {
  readonly loss: LossSpec;
  readonly target?: Target;
  /** Adds the output `gradient.x`. */
  readonly withInputGradient?: boolean;
  /** Training mode (batch statistics, dropout). Default true. */
  readonly training?: boolean;
}

/**
 * Forward and backward without an optimiser: outputs `loss`, `output` and `gradient.<parameter>` for each parameter,
 * for checks and for spreading a batch over machines. Inputs are those of the training step less its optimiser's.
 */
export function compileGradients(model: CompilableModel, options: GradientsOptions): CompiledGraph {
  const graph = createGraph();
  const x = modelInput(graph, model);
  const bound = new Map<string, Tensor>();
  const bind = bindInputs(graph);
  const training = options.training ?? true;
  const random = once(() => ({ seed: graph.input('seed', 'int32', []), step: graph.input('step', 'int32', []) }));
  const trace = traceModel(graph, model, {
    training,
    bind: (name, parameter) => {
      const tensor = bind(name, parameter);
      bound.set(name, tensor);
      return tensor;
    },
    random,
  });
  const output = model.module.forward(x, trace);
  const { loss } = buildLoss(x, output, options.loss, { added: trace.addedLosses });
  const wanted: NamedOutput[] = model.module
    .namedParameters()
    .flatMap(([name]) => (bound.has(name) ? [{ name: `gradient.${name}`, tensor: bound.get(name) as Tensor }] : []));
  if (options.withInputGradient) wanted.push({ name: 'gradient.x', tensor: x });
  const results = gradients(
    operators,
    loss,
    wanted.map(({ tensor }) => tensor),
  );
  const outputs: NamedOutput[] = [
    { name: 'loss', tensor: loss },
    { name: 'output', tensor: output },
    ...wanted.map(({ name }, index) => ({ name, tensor: results[index] as Tensor })),
  ];
  return assemble(graph, outputs, options.target ?? STANDARD, 'gradients');
}

function once<T>(make: () => T): () => T {
  let value: T | undefined;
  return () => {
    value ??= make();
    return value;
  };
}
