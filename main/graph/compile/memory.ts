import { dataTypes } from '../data-type.ts';
import { elementCount } from '../dimension.ts';
import { withoutDeadNodes } from '../passes/dead-nodes.ts';
import type { Node, Tensor, TensorType } from '../tensor.ts';
import type { CompilableModel } from './model.ts';
import type { TrainStepOptions } from './train-step.ts';
import { buildWholeBatch } from './train-step.ts';

/**
 * ONNX Runtime's arena grows in powers of two and fragments: resident memory was 1.5 to 1.75 times the live tensors for
 * a CNN at batch 64 and 256 and a ResNet at batch 128 (blocked lowering, 1.30).
 */
const ARENA_FACTOR = 1.6;

export interface MemoryEstimate {
  /** Parameters, buffers and optimiser moments, twice: a step reads one set and writes another. */
  readonly stateBytes: number;
  /** The most that intermediate tensors occupy at one moment of the step. */
  readonly activationBytes: number;
  /** The most that one operator needs beside its inputs and outputs, such as unfolded images. */
  readonly workspaceBytes: number;
  /** State, and the rest with what the runtime's allocator adds. */
  readonly totalBytes: number;
}

/** What one training step needs, from the lifetimes of its tensors; the runtime and the data come on top. */
export function estimateTrainingMemory(
  model: CompilableModel,
  options: TrainStepOptions,
  batchSize: number,
): MemoryEstimate {
  const { graph, outputs, state } = buildWholeBatch(model, options);
  const tensors = outputs.map(({ tensor }) => tensor);
  const nodes = withoutDeadNodes(graph.nodes, tensors);
  const stateBytes = 2 * state.reduce((sum, { shape }) => sum + elementCount(shape) * dataTypes.float32.sizeBytes, 0);
  const { peak, workspace } = walk(nodes, new Set(tensors.map(({ id }) => id)), batchSize);
  return {
    stateBytes,
    activationBytes: peak,
    workspaceBytes: workspace,
    totalBytes: Math.round(stateBytes + ARENA_FACTOR * (peak + workspace)),
  };
}

const sizeBytes = ({ dtype, shape }: TensorType, batchSize: number): number =>
  elementCount(shape, batchSize) * dataTypes[dtype].sizeBytes;

/** Frees each intermediate tensor after its last reader; graph outputs are counted with the state. */
function walk(
  nodes: readonly Node[],
  outputIds: ReadonlySet<number>,
  batchSize: number,
): { readonly peak: number; readonly workspace: number } {
  const lastReader = new Map<number, number>();
  nodes.forEach((node, place) => {
    for (const input of node.inputs) if (input) lastReader.set(input.id, place);
  });
  const intermediate = (tensor: Tensor): boolean => tensor.producer !== undefined && !outputIds.has(tensor.id);
  let [live, peak, workspace] = [0, 0, 0];
  nodes.forEach((node, place) => {
    for (const output of node.outputs)
      if (lastReader.has(output.id) && intermediate(output)) live += sizeBytes(output, batchSize);
    // Reshape shares its input's memory.
    if (node.operator !== 'Reshape') peak = Math.max(peak, live);
    workspace = Math.max(workspace, workspaceOf(node, batchSize));
    const read = new Set(node.inputs.filter((input) => input !== undefined));
    for (const input of read)
      if (lastReader.get(input.id) === place && intermediate(input)) live -= sizeBytes(input, batchSize);
  });
  return { peak, workspace };
}

/** Unfolding repeats each pixel once per kernel tap; elementwise chains hold up to two copies of their tensor. */
function workspaceOf(node: Node, batchSize: number): number {
  const largest = Math.max(0, ...node.inputs.map((input) => (input ? sizeBytes(input, batchSize) : 0)));
  if (node.operator !== 'ConvWeightGradient') return node.operator.endsWith('Gradient') ? largest : 0;
  const [x, g] = node.inputs;
  const taps = (node.attributes.kernel as readonly number[]).reduce((product, size) => product * Number(size), 1);
  const pixels = g ? elementCount([...g.shape.slice(0, 1), ...g.shape.slice(2)], batchSize) : 0;
  // The columns and their transposed copy.
  return 2 * taps * Number(x?.shape[1] ?? 0) * pixels * dataTypes.float32.sizeBytes;
}
