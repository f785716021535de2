import { BATCH } from '../dimension.ts';
import { cast, maximum, minimum, scale, shift, transpose } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import { lowerGraph, type NamedOutput } from '../lowering/lower-graph.ts';
import { STANDARD } from '../lowering/target.ts';
import { integers, node } from '../onnx/build.ts';
import type { OnnxModel, OnnxNode, OnnxValueInfo } from '../onnx/model.ts';
import { renameValues } from '../onnx/rename.ts';
import { operators } from '../operators/index.ts';
import type { Graph, Tensor } from '../tensor.ts';
import { assemble } from './assemble.ts';
import type { CompilableModel, CompiledGraph, ParameterValues } from './model.ts';
import { bindConstants, createGraph, traceModel } from './model.ts';

export interface SamplerOptions {
  readonly parameters: ParameterValues;
  /**
   * The model is applied to its own output so many times: the values that its further inputs of these names, int64 [1], have
   * at each. Without it, it is applied once.
   */
  readonly schedule?: Readonly<Record<string, readonly number[]>>;
  /** Which of the outputs of the (last) application are the pictures, [N, channels, height, width] in 0 … 1. */
  readonly pictures: string;
  /** Key-value pairs kept in the file. */
  readonly metadata?: Readonly<Record<string, string>>;
}

const NOISE = 'noise';
const PICTURES = 'pictures';
/** Begins the names of what one application computes. */
const STEP = 'step.';
const STEP_INPUT = `${STEP}x`;
const BYTE_RANGE = 255;

/**
 * A model that draws, as one standard graph: `noise` float32 [N, …] of standard normal numbers, and the model's further inputs
 * → `output` float32 [N, channels, height, width] in 0 … 1 and `image` uint8 [N, height, width, channels], the same in bytes.
 */
export function compileSampler(model: CompilableModel, options: SamplerOptions): CompiledGraph {
  const { schedule, metadata } = options;
  const graph = createGraph();
  if (schedule === undefined) {
    const [, drawn] = applied(graph, NOISE, model, options);
    return assemble(graph, inBytes(drawn.tensor), STANDARD, 'sampler', metadata);
  }
  const inner = createGraph();
  const outputs = applied(inner, STEP_INPUT, model, options);
  const step = lowerGraph(operators, inner, outputs, STANDARD, 'step');
  const { dtype, shape } = outputs[1].tensor;
  const finished = inBytes(graph.input(PICTURES, dtype, shape));
  return assemble(graph, finished, STANDARD, 'sampler', metadata, (finish) =>
    withLoop(finish, step, schedule, options.parameters),
  );
}

/** What the model yields, and the pictures among it. */
function applied(
  graph: Graph,
  input: string,
  model: CompilableModel,
  { parameters, pictures }: SamplerOptions,
): readonly [NamedOutput, NamedOutput] {
  const x = graph.input(input, 'float32', [BATCH, ...model.inputShape]);
  const trace = traceModel(graph, model, { training: false, bind: bindConstants(graph, parameters) });
  const output = model.module.forward(x, trace);
  const drawn = pictures === 'output' ? output : trace.emitted.get(pictures);
  if (drawn === undefined) throw new GraphError('invalid-argument', `The model yields no ${pictures}.`);
  return [
    { name: 'applied', tensor: output },
    { name: 'drawn', tensor: drawn },
  ];
}

function inBytes(pictures: Tensor): readonly NamedOutput[] {
  const { graph } = pictures;
  const output = minimum(maximum(pictures, graph.scalar(0)), graph.scalar(1));
  // A cast drops the fraction.
  const image = transpose(cast(shift(scale(output, BYTE_RANGE), 0.5), 'uint8'), [0, 2, 3, 1]);
  return [
    { name: 'output', tensor: output },
    { name: 'image', tensor: image },
  ];
}

/** The Loop over `step` in front of what makes bytes of its result. Weights stay in the outer graph, under their names. */
function withLoop(
  finish: OnnxModel,
  step: OnnxModel,
  schedule: NonNullable<SamplerOptions['schedule']>,
  parameters: ParameterValues,
): OnnxModel {
  const told = step.graph.inputs.filter(({ name }) => name !== STEP_INPUT && schedule[name] === undefined);
  const outer = new Set(['', ...Object.keys(parameters), ...told.map(({ name }) => name)]);
  const inner = (name: string): string => (outer.has(name) || name.startsWith(STEP) ? name : `${STEP}${name}`);
  const named = <T extends { readonly name: string }>(value: T): T => ({ ...value, name: inner(value.name) });
  const x = step.graph.inputs.find(({ name }) => name === STEP_INPUT) as OnnxValueInfo;
  const flag = (name: string): OnnxValueInfo => ({ name: `${STEP}${name}`, dtype: 'bool', shape: [] });
  const loop: OnnxNode = {
    ...node('Loop', ['times', '', NOISE, NOISE], 'loop'),
    outputs: ['last', PICTURES],
    attributes: {
      body: {
        kind: 'graph',
        value: {
          name: 'step',
          initializers: [],
          inputs: [
            { name: `${STEP}iteration`, dtype: 'int64', shape: [] },
            flag('condition'),
            x,
            { ...x, name: `${STEP}before` },
          ],
          outputs: [flag('continue'), ...step.graph.outputs.map(named)],
          nodes: [
            node('Identity', [`${STEP}condition`], `${STEP}continue`),
            ...Object.keys(schedule).map((name) => node('Gather', [name, `${STEP}iteration`], inner(name))),
            ...step.graph.nodes.map((entry) => named(renameValues(entry, inner))),
          ],
        },
      },
    },
  };
  return {
    ...finish,
    graph: {
      ...finish.graph,
      inputs: [{ ...x, name: NOISE }, ...told],
      initializers: [
        ...finish.graph.initializers,
        ...step.graph.initializers.map(named),
        integers('times', [Object.values(schedule)[0]?.length ?? 0], []),
        ...Object.entries(schedule).map(([name, values]) => integers(name, values, [values.length, 1])),
      ],
      nodes: [loop, ...finish.graph.nodes],
    },
  };
}
