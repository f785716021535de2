import { softmax } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { NamedOutput } from '../lowering/lower-graph.ts';
import type { Target } from '../lowering/target.ts';
import { STANDARD } from '../lowering/target.ts';
import type { Tensor } from '../tensor.ts';
import { assemble } from './assemble.ts';
import type { CompilableModel, CompiledGraph, ParameterValues } from './model.ts';
import { bindConstants, bindInputs, createGraph, modelInput, traceModel } from './model.ts';
import type { PreprocessingSpec } from './preprocessing.ts';
import { buildPreprocessing, type RawPicture } from './preprocessing.ts';

export interface ForwardOptions {
  /** Weights to put into the file as constants (faster, self-contained); without them they are graph inputs. */
  readonly parameters?: ParameterValues;
  /** With it, the graph takes raw data instead of `x`: see `PreprocessingSpec`. */
  readonly preprocessing?: PreprocessingSpec;
  /** Adds the output `probabilities`; `pixels`: per pixel, and the output `mask`, the likeliest class of each. */
  readonly softmax?: boolean | 'pixels';
  /** What the first output is called. Default: `output`. */
  readonly outputName?: string;
  readonly target?: Target;
  /** Key-value pairs kept in the file. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What a model takes after its preprocessing is called in a file: where whoever reads the file may begin. */
export const MODEL_INPUT = 'x';

/** What a detector emits. */
const BOXES = 'detections';

/** Evaluation mode: running statistics, no dropout. Outputs `output` (logits for classifiers) and what modules emit. */
export function compileForward(model: CompilableModel, options: ForwardOptions = {}): CompiledGraph {
  const graph = createGraph();
  const raw = options.preprocessing ? buildPreprocessing(graph, options.preprocessing) : undefined;
  const x = raw?.x ?? modelInput(graph, model);
  if (x.shape.slice(1).join() !== model.inputShape.join()) {
    throw new GraphError('shape-mismatch', `Preprocessing yields [${x.shape}], the model takes [${model.inputShape}].`);
  }
  const bind = options.parameters ? bindConstants(graph, options.parameters) : bindInputs(graph);
  const trace = traceModel(graph, model, { training: false, bind });
  const said = model.module.forward(x, trace);
  const output = raw?.restore(said) ?? said;
  const outputs: NamedOutput[] = [{ name: options.outputName ?? 'output', tensor: output }];
  const picture = raw?.picture;
  for (const [name, tensor] of trace.emitted) {
    outputs.push({ name, tensor: name === BOXES && picture ? boxesOf(tensor, picture) : tensor });
  }
  if (options.softmax === 'pixels') {
    const mask = graph.apply('LikeliestClass', [output]);
    outputs.push({ name: 'mask', tensor: picture ? maskOf(mask, picture) : mask });
    outputs.push({ name: 'probabilities', tensor: softmax(output, 1) });
  } else if (options.softmax) outputs.push({ name: 'probabilities', tensor: softmax(output) });
  const landmarks: NamedOutput[] = raw ? [{ name: MODEL_INPUT, tensor: x }] : [];
  return assemble(graph, outputs, options.target ?? STANDARD, 'forward', options.metadata, undefined, landmarks);
}

/**
 * A trained model as a part of other graphs: takes its `x`, gives its output in evaluation mode, and never learns.
 * @param prefix comes before the names of its weights, which are constants
 * @throws GraphError `unsupported` where the model reads more than `x`
 */
export function frozenForward(
  model: CompilableModel,
  parameters: ParameterValues,
  prefix: string,
): (x: Tensor) => Tensor {
  if ((model.moreInputs ?? []).length > 0)
    throw new GraphError('unsupported', 'A model that reads more than one input cannot be a part of another graph.');
  const values = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [`${prefix}${name}`, value]));
  return (x) => {
    const bind = bindConstants(x.graph, values);
    const trace = traceModel(x.graph, model, {
      training: false,
      bind: (name, parameter) => bind(`${prefix}${name}`, parameter),
    });
    return model.module.forward(x, trace);
  };
}

const maskOf = (mask: Tensor, { image, axis }: RawPicture): Tensor =>
  mask.graph.apply('MaskOfPicture', [mask, image], { axis });

const boxesOf = (boxes: Tensor, { image, ...seen }: RawPicture): Tensor =>
  boxes.graph.apply('BoxesOfPicture', [boxes, image], seen);
