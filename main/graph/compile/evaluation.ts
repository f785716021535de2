import type { LossSpec } from '../losses/loss.ts';
import { buildLoss } from '../losses/loss.ts';
import type { NamedOutput } from '../lowering/lower-graph.ts';
import type { Target } from '../lowering/target.ts';
import { STANDARD } from '../lowering/target.ts';
import { assemble } from './assemble.ts';
import type { CompilableModel, CompiledGraph, ParameterValues } from './model.ts';
import { bindConstants, createGraph, modelInput, traceModel } from './model.ts';

export interface EvaluationOptions {
  readonly parameters: ParameterValues;
  readonly loss: LossSpec;
  readonly target?: Target;
}

/**
 * Evaluation mode with the loss that was trained on: outputs `output`, `loss` and the loss's figures, means over the
 * batch. Inputs are those of the training step less its optimiser's.
 */
export function compileEvaluation(model: CompilableModel, options: EvaluationOptions): CompiledGraph {
  const graph = createGraph();
  const x = modelInput(graph, model);
  const trace = traceModel(graph, model, { training: false, bind: bindConstants(graph, options.parameters) });
  const output = model.module.forward(x, trace);
  const { loss, figures } = buildLoss(x, output, options.loss, { added: trace.addedLosses });
  const outputs: NamedOutput[] = [{ name: 'output', tensor: output }, { name: 'loss', tensor: loss }, ...figures];
  for (const [name, tensor] of trace.emitted) outputs.push({ name, tensor });
  return assemble(graph, outputs, options.target ?? STANDARD, 'evaluation');
}
