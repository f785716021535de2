import type { CompilableModel, ModelSummary, Module } from '../graph/index.ts';
import { summarize } from '../graph/index.ts';
import { architectureLayers } from './architectures.ts';
import { buildLayers } from './layer-builder.ts';
import type { ArchitectureSpec, InputSignature, LayerSpec, OutputSignature } from './specification.ts';

export interface Model extends CompilableModel {
  readonly module: Module;
  readonly inputShape: readonly number[];
  readonly spec: ArchitectureSpec;
  readonly input: InputSignature;
  readonly output: OutputSignature;
  readonly summary: ModelSummary;
}

/**
 * Makes a model from an architecture as plain data. Its output is [batch, classes] logits or [batch, outputs].
 * @throws GraphError where layers do not fit each other; its message names the shapes.
 */
export function buildModel(spec: ArchitectureSpec, input: InputSignature, output: OutputSignature): Model {
  const inputShape = input.kind === 'image' ? [input.channels, input.height, input.width] : [input.features];
  const units = output.kind === 'classification' ? output.classes : output.outputs;
  const body = architectureLayers(spec, inputShape.length);
  const initialization = spec.initialization ?? 'pytorch';
  const { outputShape } = buildLayers(body, inputShape, initialization);
  const head: readonly LayerSpec[] =
    outputShape.length > 1 ? [{ kind: 'flatten' }, { kind: 'linear', units }] : [{ kind: 'linear', units }];
  const { module } = buildLayers([...body, ...head], inputShape, initialization);
  return { module, inputShape, spec, input, output, summary: summarize({ module, inputShape }) };
}
