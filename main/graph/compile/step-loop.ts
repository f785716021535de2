import { integers, node, scalar } from '../onnx/build.ts';
import type { OnnxGraph, OnnxModel, OnnxNode, OnnxTensor, OnnxValueInfo } from '../onnx/model.ts';
import { renameValues, valuesReadBy } from '../onnx/rename.ts';
import { carryInParts } from './carry-in-parts.ts';
import type { StateTensor } from './model.ts';

const STEPS = 'steps';
const NORM = 'gradientNorm';
/** The number of the last iteration, and whether this is it. */
const LAST = 'last_iteration';
const IS_LAST = 'is_last';
const INT32 = 6;

/** What all steps of a run share; every other input that is not state comes stacked, one entry per step. */
const SHARED: ReadonlySet<string> = new Set(['seed', 'step']);

/** The only stacked input where all steps learn from the same data. */
const ALWAYS_STACKED = 'learningRate';

/**
 * Wraps a training step in an ONNX Loop that runs once per entry of `learningRate`, carrying the state
 * along. Handing state to a runtime and back copies all of it; this does so once per run instead of once per step.
 * With `fullBatch` the data come once, not stacked, and what depends on them alone is computed before the loop.
 * A gradient norm that nothing else needs is taken at the last step only; it is no number at the others.
 */
export function loopSteps(model: OnnxModel, state: readonly StateTensor[], fullBatch = false): OnnxModel {
  const carried = new Map(state.map((entry) => [entry.name, entry.outputName]));
  const inParts = carryInParts(fullBatch ? withTurnedData(model.graph, carried) : model.graph, carried);
  const { shapes } = inParts;
  const graph = withNormAtLast(inParts.graph);
  const stateInputs = graph.inputs.filter((input) => carried.has(input.name));
  const others = graph.inputs.filter((input) => !carried.has(input.name));
  const stateOutputs = new Set(carried.values());
  const figures = graph.outputs.filter((output) => !stateOutputs.has(output.name));
  const nextOf = (name: string): OnnxValueInfo =>
    graph.outputs.find((output) => output.name === carried.get(name)) as OnnxValueInfo;

  const wholeShape = (name: string): readonly number[] => state.find((entry) => entry.name === name)?.shape ?? [];
  const whole = (value: OnnxValueInfo, name: string): OnnxValueInfo =>
    shapes.has(name) ? { ...value, shape: wholeShape(name) } : value;

  const data = others
    .map(({ name }) => name)
    .filter((name) => fullBatch && !SHARED.has(name) && name !== ALWAYS_STACKED);
  const before = independentNodes(graph, new Set(data));
  const outside = new Set([LAST, ...data, ...before.flatMap((entry) => entry.outputs)]);
  const read = new Set(before.flatMap((entry) => entry.inputs));
  const inner = (name: string): string => (name === '' || outside.has(name) ? name : `body.${name}`);
  const innerInfo = (value: OnnxValueInfo): OnnxValueInfo => ({ ...value, name: inner(value.name) });
  const body: OnnxGraph = {
    name: 'step',
    initializers: graph.initializers.map((tensor) => ({ ...tensor, name: inner(tensor.name) })),
    inputs: [scalar('body.iteration', 'int64'), scalar('body.condition', 'bool'), ...stateInputs.map(innerInfo)],
    outputs: [
      scalar('body.continue', 'bool'),
      ...stateInputs.map((input) => innerInfo(nextOf(input.name))),
      ...figures.map(innerInfo),
    ],
    nodes: [
      node('Identity', ['body.condition'], 'body.continue'),
      node('Equal', ['body.iteration', LAST], inner(IS_LAST)),
      ...others.filter(({ name }) => !outside.has(name)).flatMap(({ name }) => stepInput(name, inner(name))),
      ...graph.nodes
        .filter((entry) => !before.includes(entry))
        .map((entry) => ({ ...renameValues(entry, inner), name: inner(entry.name) })),
    ],
  };
  const loop: OnnxNode = {
    operator: 'Loop',
    domain: '',
    name: 'steps',
    inputs: ['trip_count', '', ...stateInputs.map(({ name }) => (shapes.has(name) ? `parts.${name}` : name))],
    outputs: [
      ...stateInputs.map(({ name }) => (shapes.has(name) ? `parts.${nextOf(name).name}` : nextOf(name).name)),
      ...figures.map((figure) => figure.name),
    ],
    attributes: { body: { kind: 'graph', value: body } },
  };
  return {
    ...model,
    graph: {
      name: 'train_steps',
      initializers: [
        integers('first', [0]),
        integers('one', [1]),
        ...graph.initializers.filter((tensor) => read.has(tensor.name)),
        ...[...shapes].map(([name, shape]) => ({ ...shape, name: `parts_shape.${name}` })),
        ...[...shapes.keys()].map((name) => integers(`whole_shape.${name}`, wholeShape(name))),
      ],
      inputs: [
        ...others.map((input) => (SHARED.has(input.name) || outside.has(input.name) ? input : stacked(input))),
        ...stateInputs.map((input) => whole(input, input.name)),
      ],
      outputs: [
        ...figures.map((figure) => ({ ...figure, shape: [STEPS] })),
        ...stateInputs.map((input) => whole(nextOf(input.name), input.name)),
      ],
      nodes: [
        node('Shape', ['learningRate'], 'step_count'),
        node('Gather', ['step_count', 'first'], 'trip_count_list'),
        node('Squeeze', ['trip_count_list'], 'trip_count'),
        node('Sub', ['trip_count', 'one'], LAST),
        ...before,
        ...[...shapes.keys()].map((name) => node('Reshape', [name, `parts_shape.${name}`], `parts.${name}`)),
        loop,
        ...[...shapes.keys()].map((name) =>
          node('Reshape', [`parts.${nextOf(name).name}`, `whole_shape.${name}`], nextOf(name).name),
        ),
      ],
    },
  };
}

/**
 * Moves what leads to the gradient norm and nowhere else into a branch that only the last step takes: on the CPU it is a
 * further pass over all gradients, a fifteenth of the step of a dense network.
 */
function withNormAtLast(graph: OnnxGraph): OnnxGraph {
  const norm = graph.outputs.find(({ name }) => name === NORM);
  if (!norm) return graph;
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  outputs.delete(NORM);
  const moved: OnnxNode[] = [];
  const stays = new Set<string>(outputs);
  for (const entry of graph.nodes.toReversed()) {
    const leads = entry.outputs.every((name) => !stays.has(name));
    if (leads) moved.unshift(entry);
    else for (const name of valuesReadBy(entry)) stays.add(name);
  }
  if (!moved.some(({ outputs: [name] }) => name === NORM)) return graph;
  const branch = (name: string, nodes: readonly OnnxNode[], output: string): OnnxGraph => ({
    name,
    nodes,
    initializers: [],
    inputs: [],
    outputs: [{ ...norm, name: output }],
  });
  const inBranch = (name: string): string => (name === NORM ? `taken.${NORM}` : name);
  const none: OnnxTensor = { name: '', dtype: 'float32', dims: [], data: Float32Array.of(Number.NaN) };
  const choice: OnnxNode = {
    operator: 'If',
    domain: '',
    name: NORM,
    inputs: [IS_LAST],
    outputs: [NORM],
    attributes: {
      then_branch: {
        kind: 'graph',
        value: branch(
          'last',
          moved.map((entry) => renameValues(entry, inBranch)),
          inBranch(NORM),
        ),
      },
      else_branch: {
        kind: 'graph',
        value: branch(
          'others',
          [{ ...node('Constant', [], 'no_norm'), attributes: { value: { kind: 'tensor', value: none } } }],
          'no_norm',
        ),
      },
    },
  };
  return { ...graph, nodes: [...graph.nodes.filter((entry) => !moved.includes(entry)), choice] };
}

const stacked = (value: OnnxValueInfo): OnnxValueInfo => ({ ...value, shape: [STEPS, ...value.shape] });

/**
 * Products with a transposed input of the graph read a transposed copy instead, which is data alone too and so made once:
 * for a wide input and a narrow gradient the plain product is three times faster.
 */
function withTurnedData(graph: OnnxGraph, state: ReadonlyMap<string, string>): OnnxGraph {
  const inputs = new Set(graph.inputs.map(({ name }) => name).filter((name) => !state.has(name)));
  const turned = new Map<string, OnnxNode>();
  const nodes = graph.nodes.map((entry) => {
    const [left = ''] = entry.inputs;
    const { transA } = entry.attributes;
    if (entry.operator !== 'Gemm' || transA?.kind !== 'int' || transA.value !== 1 || !inputs.has(left)) return entry;
    const name = `turned.${left}`;
    turned.set(name, node('Transpose', [left], name));
    const attributes = { ...entry.attributes, transA: { kind: 'int', value: 0 } as const };
    return { ...entry, inputs: [name, ...entry.inputs.slice(1)], attributes };
  });
  return { ...graph, nodes: [...turned.values(), ...nodes] };
}

/** Nodes that read nothing but the given inputs, constants and each other, in order; none that a graph output names. */
function independentNodes(graph: OnnxGraph, data: ReadonlySet<string>): readonly OnnxNode[] {
  if (data.size === 0) return [];
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const known = new Set([...data, '', ...graph.initializers.map(({ name }) => name)]);
  return graph.nodes.filter((entry) => {
    const independent =
      entry.inputs.every((name) => known.has(name)) &&
      entry.outputs.every((name) => !outputs.has(name)) &&
      Object.values(entry.attributes).every(({ kind }) => kind !== 'graph');
    if (independent) for (const name of entry.outputs) known.add(name);
    return independent;
  });
}

/** What one iteration reads of an input of the whole run. */
function stepInput(name: string, innerName: string): readonly OnnxNode[] {
  if (!SHARED.has(name)) return [node('Gather', [name, 'body.iteration'], innerName)];
  if (name !== 'step') return [node('Identity', [name], innerName)];
  return [
    { ...node('Cast', ['body.iteration'], 'body.elapsed'), attributes: { to: { kind: 'int', value: INT32 } } },
    node('Add', [name, 'body.elapsed'], innerName),
  ];
}
