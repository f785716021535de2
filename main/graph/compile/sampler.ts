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
   * The model is applied to its own output as often as the input `steps`, int64 [1], says, while time goes down from
   * `moments` − 1 to −1, evenly. Without it, it is applied once.
   */
  readonly schedule?: {
    readonly moments: number;
    /** Its further inputs, int64 [1], of the time of an application and of the one that follows. */
    readonly time: string;
    readonly next: string;
  };
  /** Which of the outputs of the (last) application are the pictures, [N, channels, height, width] in 0 … 1. */
  readonly pictures: string;
  /** Key-value pairs kept in the file. */
  readonly metadata?: Readonly<Record<string, string>>;
}

const NOISE = 'noise';
const PICTURES = 'pictures';
const STEPS = 'steps';
/** Begins the names of what one application computes. */
const STEP = 'step.';
const STEP_INPUT = `${STEP}x`;
const BYTE_RANGE = 255;

/**
 * A model that draws, as one standard graph: `noise` float32 [N, …] of standard normal numbers, the model's further inputs, and
 * `steps` int64 [1] where it is applied more than once → `output` float32 [N, channels, height, width] in 0 … 1 and `image` uint8 [N, height, width, channels], the same in bytes.
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
  const { moments, time, next } = schedule;
  const told = step.graph.inputs.filter(({ name }) => ![STEP_INPUT, time, next].includes(name));
  const outer = new Set(['', ...Object.keys(parameters), ...told.map(({ name }) => name)]);
  const inner = (name: string): string => (outer.has(name) || name.startsWith(STEP) ? name : `${STEP}${name}`);
  const named = <T extends { readonly name: string }>(value: T): T => ({ ...value, name: inner(value.name) });
  const x = step.graph.inputs.find(({ name }) => name === STEP_INPUT) as OnnxValueInfo;
  const flag = (name: string): OnnxValueInfo => ({ name: `${STEP}${name}`, dtype: 'bool', shape: [] });
  const loop: OnnxNode = {
    ...node('Loop', [STEPS, '', NOISE, NOISE], 'loop'),
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
            node('Sub', [STEPS, `${STEP}iteration`], `${STEP}left`),
            node('Sub', [`${STEP}left`, 'one'], `${STEP}leftThen`),
            ...timeAfter(`${STEP}left`, inner(time)),
            ...timeAfter(`${STEP}leftThen`, inner(next)),
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
      inputs: [{ ...x, name: NOISE }, ...told, { name: STEPS, dtype: 'int64', shape: [1] }],
      initializers: [
        ...finish.graph.initializers,
        ...step.graph.initializers.map(named),
        integers('one', [1]),
        integers('two', [2]),
        integers('twiceMoments', [2 * moments]),
      ],
      nodes: [loop, ...finish.graph.nodes],
    },
  };
}

/** With so many of all steps left: ⌊left · moments / steps + ½⌋ − 1, in whole numbers. */
function timeAfter(left: string, time: string): readonly OnnxNode[] {
  return [
    node('Mul', [left, 'twiceMoments'], `${time}.twice`),
    node('Add', [`${time}.twice`, STEPS], `${time}.above`),
    node('Mul', [STEPS, 'two'], `${time}.below`),
    node('Div', [`${time}.above`, `${time}.below`], `${time}.rounded`),
    node('Sub', [`${time}.rounded`, 'one'], time),
  ];
}
