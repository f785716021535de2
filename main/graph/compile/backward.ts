import { augment } from '../augmentation/augmentation.ts';
import type { AugmentationSpec } from '../augmentation/specification.ts';
import { type Parameter, RunningStatistic } from '../layers/parameter.ts';
import type { LossSpec } from '../losses/loss.ts';
import { buildLoss } from '../losses/loss.ts';
import type { Figure } from '../losses/loss-row.ts';
import { operators } from '../operators/index.ts';
import type { ParameterGroup } from '../optimizers/parameter-groups.ts';
import { isFrozen } from '../optimizers/parameter-groups.ts';
import { recomputeActivations } from '../passes/checkpointing.ts';
import { gradients } from '../passes/gradients.ts';
import type { Graph, Tensor } from '../tensor.ts';
import type { CompilableModel } from './model.ts';
import { bindInputs, modelInput, traceModel } from './model.ts';

export interface BackwardOptions {
  readonly loss: LossSpec;
  readonly parameterGroups?: readonly ParameterGroup[];
  readonly checkpointSegments?: number;
  readonly augmentation?: AugmentationSpec;
}

/** What the step feeds to forward and backward; each is declared as a graph input when first asked for. */
export interface BackwardScalars {
  readonly step: () => Tensor;
  readonly seed: () => Tensor;
  /** What the loss is multiplied by before differentiation. Default 1. */
  readonly lossScale?: Tensor;
}

export interface BoundParameter {
  readonly name: string;
  readonly parameter: Parameter;
  readonly tensor: Tensor;
  /** Of the loss times `lossScale`; undefined for frozen parameters. */
  readonly gradient: Tensor | undefined;
}

export interface Backward {
  readonly loss: Tensor;
  /** What the loss is a mean over: samples, or their weights. */
  readonly weight: () => Tensor;
  readonly figures: readonly Figure[];
  readonly parameters: readonly BoundParameter[];
  readonly buffers: readonly NextBuffer[];
}

export interface NextBuffer {
  readonly name: string;
  readonly shape: readonly number[];
  readonly next: Tensor;
  /** Whether it belongs to the weights that the batches went through, and is averaged as they are. */
  readonly isStatistic: boolean;
}

/** Traces the model in training mode and differentiates its loss; parameters that it does not use are left out. */
export function buildBackward(
  graph: Graph,
  model: CompilableModel,
  options: BackwardOptions,
  scalars: BackwardScalars,
): Backward {
  const raw = modelInput(graph, model);
  const augmented = options.augmentation ? augment(raw, options.augmentation, scalars) : { x: raw };
  const bound = new Map<string, Tensor>();
  const bind = bindInputs(graph);
  const trace = traceModel(graph, model, {
    training: true,
    bind: (name, parameter) => {
      const tensor = bind(name, parameter);
      bound.set(name, tensor);
      return tensor;
    },
    random: () => ({ seed: scalars.seed(), step: scalars.step() }),
  });
  const firstForward = graph.nodes.length;
  const output = model.module.forward(augmented.x, trace);
  const { loss, weight, figures } = buildLoss(augmented.x, output, options.loss, {
    added: trace.addedLosses,
    ...(augmented.prepareTarget ? { prepareTarget: augmented.prepareTarget } : {}),
  });
  const used = model.module.namedParameters().filter(([name]) => bound.has(name));
  const trained = used.filter(([name]) => !isFrozen(options.parameterGroups, name));
  const firstBackward = graph.nodes.length;
  const results = gradients(
    operators,
    loss,
    trained.map(([name]) => bound.get(name) as Tensor),
    scalars.lossScale,
  );
  if ((options.checkpointSegments ?? 1) > 1) {
    const weights = new Set([...bound.values()].map(({ id }) => id));
    recomputeActivations(graph, firstForward, firstBackward, options.checkpointSegments as number, weights);
  }
  const gradientOf = new Map(trained.map(([name], index) => [name, results[index]]));
  return {
    loss,
    weight: () => weight ?? graph.apply('CountAlong', [raw], { axes: [0] }),
    figures,
    parameters: used.map(([name, parameter]) => ({
      name,
      parameter,
      tensor: bound.get(name) as Tensor,
      gradient: gradientOf.get(name),
    })),
    buffers: model.module.namedBuffers().flatMap(([name, buffer]) => {
      const next = trace.bufferUpdates.get(name);
      return next ? [{ name, shape: buffer.shape, next, isStatistic: buffer instanceof RunningStatistic }] : [];
    }),
  };
}
