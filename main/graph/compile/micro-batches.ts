import { BATCH } from '../dimension.ts';
import { GraphError } from '../graph-error.ts';
import { integers, node, scalar } from '../onnx/build.ts';
import type { OnnxGraph, OnnxModel, OnnxNode, OnnxTensor, OnnxValueInfo } from '../onnx/model.ts';
import { renameValues } from '../onnx/rename.ts';

const INT32 = 6;

/** The output of a backward graph that says how much its mean counts. */
export const WEIGHT = 'batch.weight';

/** How one output of the backward graph becomes that of all micro-batches. */
export type Accumulation =
  /** Weighted by the micro-batch's `batch.weight`: losses, means and gradients. */
  | { readonly kind: 'mean'; readonly name: string }
  | { readonly kind: 'count'; readonly name: string }
  /** Carried from one micro-batch to the next: running statistics, read under `input`. */
  | { readonly kind: 'carried'; readonly name: string; readonly input: string };

export interface MicroBatchPlan {
  readonly microBatches: number;
  /** Outputs `batch.weight` and those of `accumulations`. */
  readonly backward: OnnxModel;
  readonly accumulations: readonly Accumulation[];
  /** Reads the `mean` outputs of backward that are gradients under their own names. */
  readonly update: OnnxModel;
  /** Of the whole, in order: of either part. */
  readonly outputs: readonly string[];
}

/**
 * Joins a backward graph and an update graph into one step that splits its batch into at most `microBatches` parts along
 * the first axis, runs backward on one after the other in an ONNX Loop, and updates once with the mean of the
 * gradients: what the whole batch would give, to rounding, in the memory of one part. `step` counts micro-batches inside
 * the loop, so that each draws random numbers of its own.
 */
export function accumulateMicroBatches(plan: MicroBatchPlan): OnnxModel {
  const { backward, update, accumulations } = plan;
  const carried = new Map(accumulations.flatMap((entry) => (entry.kind === 'carried' ? [[entry.input, entry]] : [])));
  const isData = ({ shape }: OnnxValueInfo): boolean => shape[0] === BATCH;
  const data = backward.graph.inputs.filter(isData);
  const first = data.find(({ name }) => name === 'x');
  const odd = backward.graph.inputs.find(
    ({ shape }) => shape[0] !== BATCH && shape.some((size) => typeof size === 'string'),
  );
  if (!first || odd) {
    throw new GraphError('unsupported', `The input ${odd?.name ?? 'x'} cannot be split: use whole batches here.`);
  }
  const sliced = new Set(data.map(({ name }) => name));
  const inner = (name: string): string => {
    const shared = backward.graph.inputs.some((input) => input.name === name);
    return name === '' || (shared && !sliced.has(name) && !carried.has(name) && name !== 'step')
      ? name
      : `part.${name}`;
  };
  const outputInfo = (model: OnnxModel, name: string): OnnxValueInfo =>
    model.graph.outputs.find((output) => output.name === name) as OnnxValueInfo;

  const sums = [...accumulations, { kind: 'count', name: WEIGHT } as const];
  const enter = (entry: Accumulation): string =>
    entry.kind === 'carried' ? `part.${entry.input}` : `part.sum.${entry.name}`;
  const leave = (entry: Accumulation): string =>
    entry.kind === 'carried' ? `part.${entry.name}` : `part.next.${entry.name}`;
  const body: OnnxGraph = {
    name: 'micro_batch',
    initializers: backward.graph.initializers.map((tensor) => ({ ...tensor, name: inner(tensor.name) })),
    inputs: [
      scalar('part.iteration', 'int64'),
      scalar('part.condition', 'bool'),
      ...sums.map((entry) => ({ ...outputInfo(backward, entry.name), name: enter(entry) })),
    ],
    outputs: [
      scalar('part.continue', 'bool'),
      ...sums.map((entry) => ({ ...outputInfo(backward, entry.name), name: leave(entry) })),
    ],
    nodes: [
      node('Identity', ['part.condition'], 'part.continue'),
      node('Mul', ['part.iteration', 'part_size'], 'part.start'),
      node('Add', ['part.start', 'part_size'], 'part.end'),
      ...data.map(({ name }) => node('Slice', [name, 'part.start', 'part.end', 'parts.zero'], inner(name))),
      node('Cast', ['part.iteration'], 'part.number', { to: { kind: 'int', value: INT32 } }),
      node('Mul', ['step', 'parts.count32'], 'part.before'),
      node('Add', ['part.before', 'part.number'], inner('step')),
      ...backward.graph.nodes.map((entry) => ({ ...renameValues(entry, inner), name: inner(entry.name) })),
      ...sums.flatMap((entry) => accumulate(entry, enter(entry), inner(entry.name), leave(entry))),
    ],
  };
  const isGradientOrFigure = (entry: Accumulation): boolean => entry.kind === 'mean';
  const loop: OnnxNode = {
    operator: 'Loop',
    domain: '',
    name: 'micro_batches',
    inputs: ['part_count', '', ...sums.map((entry) => (entry.kind === 'carried' ? entry.input : `zero.${entry.name}`))],
    outputs: sums.map((entry) => (entry.kind === 'mean' ? `total.${entry.name}` : entry.name)),
    attributes: { body: { kind: 'graph', value: body } },
  };
  const inputs = uniqueInputs(
    [...backward.graph.inputs, ...update.graph.inputs],
    new Set(accumulations.map(({ name }) => name)),
  );
  const outer = (name: string): string => (isPublic(name, inputs, accumulations, update) ? name : `update.${name}`);
  const integer = (name: string, value: number): OnnxTensor => integers(name, [value]);
  return {
    ...backward,
    opsets: { ...backward.opsets, ...update.opsets },
    graph: {
      name: 'train_step',
      initializers: [
        integer('parts.zero', 0),
        integer('parts.one', 1),
        integer('parts.limit', plan.microBatches),
        { name: 'parts.count32', dtype: 'int32', dims: [], data: Int32Array.of(plan.microBatches) },
        ...sums.flatMap((entry) =>
          entry.kind === 'carried' ? [] : [zeroShape(entry.name, outputInfo(backward, entry.name))],
        ),
        ...update.graph.initializers.map((tensor) => ({ ...tensor, name: outer(tensor.name) })),
      ],
      inputs,
      outputs: plan.outputs.map((name) => outputInfo(update, name) ?? outputInfo(backward, name)),
      nodes: [
        ...ceilingDivision(first.name),
        ...sums.flatMap((entry) =>
          entry.kind === 'carried' ? [] : [node('ConstantOfShape', [`zero.shape.${entry.name}`], `zero.${entry.name}`)],
        ),
        loop,
        ...accumulations.filter(isGradientOrFigure).map(({ name }) => node('Div', [`total.${name}`, WEIGHT], name)),
        ...update.graph.nodes.map((entry) => ({ ...renameValues(entry, outer), name: outer(entry.name) })),
      ],
    },
  };
}

/** `part_size` = ⌈rows / limit⌉ and `part_count` = ⌈rows / part_size⌉, so that no part is empty. */
const ceilingDivision = (x: string): readonly OnnxNode[] => [
  node('Shape', [x], 'parts.rows', { end: { kind: 'int', value: 1 } }),
  node('Add', ['parts.rows', 'parts.limit'], 'parts.size_above'),
  node('Sub', ['parts.size_above', 'parts.one'], 'parts.size_numerator'),
  node('Div', ['parts.size_numerator', 'parts.limit'], 'part_size'),
  node('Add', ['parts.rows', 'part_size'], 'parts.count_above'),
  node('Sub', ['parts.count_above', 'parts.one'], 'parts.count_numerator'),
  node('Div', ['parts.count_numerator', 'part_size'], 'parts.count_list'),
  node('Squeeze', ['parts.count_list'], 'part_count'),
];

function accumulate(entry: Accumulation, before: string, value: string, after: string): readonly OnnxNode[] {
  if (entry.kind === 'carried') return [];
  if (entry.kind === 'count') return [node('Add', [before, value], after)];
  return [
    node('Mul', [value, `part.${WEIGHT}`], `${after}.weighted`),
    node('Add', [before, `${after}.weighted`], after),
  ];
}

/** What keeps its name in the whole: inputs, results of the loop, outputs of the update. */
function isPublic(
  name: string,
  inputs: readonly OnnxValueInfo[],
  accumulations: readonly Accumulation[],
  update: OnnxModel,
): boolean {
  return (
    name === '' ||
    inputs.some((input) => input.name === name) ||
    accumulations.some((entry) => entry.name === name) ||
    update.graph.outputs.some((output) => output.name === name)
  );
}

function uniqueInputs(inputs: readonly OnnxValueInfo[], computed: ReadonlySet<string>): readonly OnnxValueInfo[] {
  const byName = new Map(inputs.filter(({ name }) => !computed.has(name)).map((input) => [input.name, input]));
  const step: OnnxValueInfo = scalar('step', 'int32');
  return [...byName.values(), ...(byName.has('step') ? [] : [step])];
}

const zeroShape = (name: string, info: OnnxValueInfo): OnnxTensor =>
  integers(`zero.shape.${name}`, info.shape.map(Number));
