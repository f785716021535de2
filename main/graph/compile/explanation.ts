import { BATCH, multiplyDimensions } from '../dimension.ts';
import {
  absolute,
  add,
  divide,
  multiply,
  reduceMax,
  reduceMean,
  reduceSum,
  relu,
  reshape,
  shift,
  softmax,
  subtract,
} from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { LayerRecord } from '../layers/recording-trace.ts';
import type { NamedOutput } from '../lowering/lower-graph.ts';
import type { Target } from '../lowering/target.ts';
import { STANDARD } from '../lowering/target.ts';
import { operators } from '../operators/index.ts';
import { gradients } from '../passes/gradients.ts';
import type { Graph, Tensor } from '../tensor.ts';
import { assemble } from './assemble.ts';
import type { CompilableModel, CompiledGraph, ParameterValues } from './model.ts';
import { bindConstants, bindInputs, createGraph, modelInput, traceModel } from './model.ts';
import { gaussLegendre } from './quadrature.ts';

const pooling: ReadonlySet<string> = new Set(['MaxPool2d', 'AvgPool2d', 'GlobalAvgPool']);

export type ExplanationMethod =
  /** |d score / d x|, largest over channels (Simonyan et al. 2014). */
  | { readonly kind: 'saliency' }
  /**
   * (x − baseline) · ∫ d score / d x along the straight path (Sundararajan et al. 2017), by Gauss-Legendre quadrature
   * of `steps` points (default 32), summed over channels; signed. Their total is score(x) − score(baseline).
   */
  | { readonly kind: 'integrated_gradients'; readonly steps?: number }
  /** Grad-CAM (Selvaraju et al. 2017) at the named layer or the last convolution; 0 … 1, resized to the image. */
  | { readonly kind: 'grad_cam'; readonly layer?: string };

export interface ExplanationOptions {
  readonly method: ExplanationMethod;
  /** Weights as constants; without them they are graph inputs. */
  readonly parameters?: ParameterValues;
  readonly target?: Target;
}

/**
 * Why a model says what it says. Inputs: `x` [batch, ...] (after preprocessing), `classId` int64 [batch] (the logit to
 * explain; for regression the output's index), and for integrated gradients `baseline` [1, ...]. Outputs: `heatmap`
 * ([batch, height, width], or [batch, features] for tables), `output` (logits) [batch, K], `probabilities` [batch, K],
 * and for integrated gradients `completenessGap` [batch] = |Σ attributions − (score(x) − score(baseline))|.
 */
export function compileExplanation(model: CompilableModel, options: ExplanationOptions): CompiledGraph {
  const graph = createGraph();
  const context: Context = {
    graph,
    model,
    x: modelInput(graph, model),
    classId: graph.input('classId', 'int64', [BATCH]),
    bind: shared(options.parameters ? bindConstants(graph, options.parameters) : bindInputs(graph)),
  };
  const { heatmap, output, extra = [] } = methods[options.method.kind](context, options.method as never);
  const outputs: NamedOutput[] = [
    { name: 'heatmap', tensor: heatmap },
    { name: 'output', tensor: output },
    { name: 'probabilities', tensor: softmax(output) },
    ...extra,
  ];
  return assemble(graph, outputs, options.target ?? STANDARD, 'explanation');
}

interface Context {
  readonly graph: Graph;
  readonly model: CompilableModel;
  readonly x: Tensor;
  readonly classId: Tensor;
  readonly bind: ReturnType<typeof bindInputs>;
}

interface Explanation {
  readonly heatmap: Tensor;
  readonly output: Tensor;
  readonly extra?: readonly NamedOutput[];
}

type Methods = {
  readonly [Kind in ExplanationMethod['kind']]: (
    context: Context,
    method: Extract<ExplanationMethod, { kind: Kind }>,
  ) => Explanation;
};

const methods: Methods = {
  saliency: (context) => {
    const { output } = forward(context, context.x);
    const gradient = scoreGradient(output, context.classId, context.x);
    const size = absolute(gradient);
    return { heatmap: isImage(context) ? reduceMax(size, [1]) : size, output };
  },
  integrated_gradients: (context, { steps = 32 }) => {
    const { graph, x, classId, model } = context;
    const baseline = graph.input('baseline', 'float32', [1, ...model.inputShape]);
    const ones = model.inputShape.map(() => 1);
    const { nodes, weights } = gaussLegendre(steps);
    const perPoint = (values: readonly number[]): Tensor =>
      graph.constant('float32', [steps, 1, ...ones], Float32Array.from(values));
    const many = multiplyDimensions(steps, BATCH);
    const difference = subtract(x, baseline);
    // All points of the path go through the model as one batch of steps · batch samples.
    const path = add(multiply(reshape(difference, [1, BATCH, ...model.inputShape]), perPoint(nodes)), baseline);
    const points = reshape(path, [many, ...model.inputShape]);
    const everyClass = reshape(
      graph.apply('BroadcastLike', [
        reshape(classId, [1, BATCH]),
        reduceMean(path, path.shape.map((_, axis) => axis).slice(2)),
      ]),
      [many],
    );
    const along = scoreGradient(forward(context, points).output, everyClass, points);
    const weighted = multiply(reshape(along, [steps, BATCH, ...model.inputShape]), perPoint(weights));
    const attributions = multiply(difference, reduceSum(weighted, [0]));
    const { output } = forward(context, x);
    const start = forward(context, baseline).output;
    const axes = x.shape.map((_, axis) => axis).slice(1);
    const gained = subtract(score(output, classId), scoreOfOne(start, output, classId));
    const gap = absolute(subtract(reduceSum(attributions, axes), gained));
    const heatmap = isImage(context) ? reduceSum(attributions, [1]) : attributions;
    return { heatmap, output, extra: [{ name: 'completenessGap', tensor: gap }] };
  },
  grad_cam: (context, { layer }) => {
    const { graph, model } = context;
    const { output, layers } = forward(context, context.x);
    const activations = cameraLayer(layers, layer);
    const gradient = scoreGradient(output, context.classId, activations);
    const importance = reduceMean(gradient, [2, 3], true);
    const map = relu(reduceSum(multiply(importance, activations), [1], true));
    const [, height, width] = model.inputShape;
    const full = graph.apply('Resize', [map], { height: height ?? 1, width: width ?? 1, antialias: false });
    // An epsilon far below any activation of interest: an empty map stays zero instead of becoming NaN.
    const largest = shift(reduceMax(full, [1, 2, 3], true), 1e-12);
    return { heatmap: reshape(divide(full, largest), [BATCH, height ?? 1, width ?? 1]), output };
  },
};

function forward(context: Context, x: Tensor): { readonly output: Tensor; readonly layers: readonly LayerRecord[] } {
  const trace = traceModel(context.graph, context.model, { training: false, bind: context.bind });
  const output = trace.run('model', context.model.module, x);
  return { output, layers: trace.layers };
}

const isImage = ({ model }: Context): boolean => model.inputShape.length === 3;

const chosen = (output: Tensor, classId: Tensor): Tensor =>
  output.graph.apply('OneHot', [classId], { classes: Number(output.shape[1]) });

const score = (output: Tensor, classId: Tensor): Tensor => reduceSum(multiply(output, chosen(output, classId)), [1]);

/** The single row of a baseline's outputs, read at each sample's class. */
const scoreOfOne = (single: Tensor, output: Tensor, classId: Tensor): Tensor =>
  reduceSum(multiply(chosen(output, classId), single), [1]);

function scoreGradient(output: Tensor, classId: Tensor, wanted: Tensor): Tensor {
  const [gradient] = gradients(operators, output, [wanted], chosen(output, classId));
  return gradient as Tensor;
}

/** The named layer's output, or the last one that still has the convolutions' resolution. */
function cameraLayer(layers: readonly LayerRecord[], name: string | undefined): Tensor {
  if (name !== undefined) {
    const record = layers.find((layer) => layer.name === `model.${name}`);
    if (record?.output.shape.length !== 4) {
      throw new GraphError('invalid-argument', `There is no image layer named ${name}.`);
    }
    return record.output;
  }
  const convolutions = layers.filter((layer) => layer.kind === 'Conv2d').map((layer) => layer.output.id);
  const last = Math.max(...convolutions);
  if (convolutions.length === 0) throw new GraphError('unsupported', 'Grad-CAM needs a model with a convolution.');
  // Ids grow in the order of computation: what follows the last convolution without pooling is its finished activation.
  const finished = layers
    .filter(({ kind, output }) => output.shape.length === 4 && output.id >= last && !pooling.has(kind))
    .map((layer) => layer.output)
    .sort((left, right) => right.id - left.id);
  const size = finished.at(-1)?.shape.slice(2).join();
  return finished.find((output) => output.shape.slice(2).join() === size) as Tensor;
}

/** Several passes of one model share each parameter's tensor. */
function shared(bind: Context['bind']): Context['bind'] {
  const bound = new Map<string, Tensor>();
  return (name, parameter) => {
    const tensor = bound.get(name) ?? bind(name, parameter);
    bound.set(name, tensor);
    return tensor;
  };
}
