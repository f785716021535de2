import type { DataType } from '../data-type.ts';
import { BATCH } from '../dimension.ts';
import { GraphError } from '../graph-error.ts';
import { STANDARD } from '../lowering/target.ts';
import { integers, node } from '../onnx/build.ts';
import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxNode, OnnxValueInfo } from '../onnx/model.ts';
import { valuesReadBy } from '../onnx/rename.ts';
import { END, PADDING, START } from '../operators/text.ts';
import { assemble } from './assemble.ts';
import type { ForwardOptions } from './forward.ts';
import type { CompilableModel, CompiledGraph } from './model.ts';
import { bindConstants, bindInputs, createGraph, modelInput, traceModel } from './model.ts';
import { buildPreprocessing } from './preprocessing.ts';

/** The input of an encoder–decoder with what stands before each target token. */
const TARGET = 'target';
const LOGITS = 'logits';
/** ONNX's numbers of element types. */
const [INT32, BOOL] = [6, 9];
/** As an end of a slice: behind everything. */
const LAST = 2 ** 31;

/**
 * An encoder–decoder that writes by itself, greedily: `x` (or what the preprocessing takes) → `sequences` int64 [batch,
 * length], the most probable token at each place up to `END` and `PADDING` behind it, and `probabilities` float32 [batch,
 * length], what the model gives each of them.
 *
 * All places are written at once, from what was written before them the last time, until nothing changes: at least one
 * more place is right each time, so that what comes out is what one place after the other would give (Jacobi decoding,
 * Santilli et al. 2023). What depends on the source alone is computed once.
 *
 * @throws GraphError `unsupported` where the model reads no `target`
 */
export function compileDecoding(model: CompilableModel, options: Omit<ForwardOptions, 'softmax'> = {}): CompiledGraph {
  const length = model.moreInputs?.find(({ name }) => name === TARGET)?.shape[1];
  if (typeof length !== 'number') throw new GraphError('unsupported', 'Only encoder–decoders write sequences.');
  const { parameters, preprocessing, target = STANDARD, metadata } = options;
  const graph = createGraph();
  const x = preprocessing ? buildPreprocessing(graph, preprocessing).x : modelInput(graph, model);
  const bind = parameters ? bindConstants(graph, parameters) : bindInputs(graph);
  const trace = traceModel(graph, model, { training: false, bind });
  const outputs = [{ name: LOGITS, tensor: model.module.forward(x, trace) }];
  return assemble(graph, outputs, target, 'decoding', metadata, (onnx) => decodeGreedily(onnx, length));
}

function decodeGreedily(model: OnnxModel, length: number): OnnxModel {
  const { graph } = model;
  const inputs = graph.inputs.filter(({ name }) => name !== TARGET);
  const source = inputs.find(({ dtype }) => dtype === 'int64')?.name ?? '';
  const written = new Set([TARGET]);
  const repeated = graph.nodes.filter((entry) => {
    const reads = valuesReadBy(entry).some((name) => written.has(name));
    if (reads) for (const name of entry.outputs) written.add(name);
    return reads;
  });
  const body: OnnxGraph = {
    name: 'write',
    initializers: [],
    inputs: [
      value('iteration', 'int64', []),
      value('condition', 'bool', []),
      value('tokens_before', 'int64', [BATCH, length]),
      value('probabilities_before', 'float32', [BATCH, length]),
    ],
    outputs: [
      value('differs', 'bool', []),
      value('tokens_now', 'int64', [BATCH, length]),
      value('probabilities_now', 'float32', [BATCH, length]),
    ],
    nodes: [
      node('Slice', ['tokens_before', 'zero', 'last_place', 'one'], 'tokens_shifted'),
      node('Concat', ['start_column', 'tokens_shifted'], TARGET, { axis: int(1) }),
      ...repeated,
      node('Slice', [LOGITS, 'end', 'behind', 'two'], 'word_logits'),
      node('ArgMax', ['word_logits'], 'best', { axis: int(2), keepdims: int(0) }),
      node('Add', ['best', 'end'], 'best_ids'),
      node('Equal', ['best_ids', 'end'], 'is_end'),
      node('Cast', ['is_end'], 'end_count', { to: int(INT32) }),
      node('CumSum', ['end_count', 'one'], 'ends_before', { exclusive: int(1) }),
      node('Cast', ['ends_before'], 'is_behind', { to: int(BOOL) }),
      node('Where', ['is_behind', 'padding', 'best_ids'], 'tokens_now'),
      node('Softmax', [LOGITS], 'all_probabilities', { axis: int(2) }),
      node('Unsqueeze', ['best_ids', 'two'], 'best_column'),
      node('GatherElements', ['all_probabilities', 'best_column'], 'best_probabilities', { axis: int(2) }),
      node('Squeeze', ['best_probabilities', 'two'], 'chosen_probabilities'),
      node('Where', ['is_behind', 'nothing', 'chosen_probabilities'], 'probabilities_now'),
      node('Equal', ['tokens_now', 'tokens_before'], 'same'),
      node('Not', ['same'], 'different'),
      node('Cast', ['different'], 'differences', { to: int(INT32) }),
      node('ReduceMax', ['differences'], 'any_difference', { keepdims: int(0) }),
      node('Cast', ['any_difference'], 'differs', { to: int(BOOL) }),
    ],
  };
  const loop: OnnxNode = {
    ...node('Loop', ['places', '', 'no_tokens', 'no_probabilities'], 'sequences'),
    outputs: ['sequences', 'probabilities'],
    attributes: { body: { kind: 'graph', value: body } },
  };
  return {
    ...model,
    graph: {
      name: graph.name,
      initializers: [
        ...graph.initializers,
        integers('zero', [0]),
        integers('one', [1]),
        integers('two', [2]),
        integers('last_place', [length - 1]),
        integers('behind', [LAST]),
        integers('start', [START]),
        integers('end', [END]),
        integers('padding', [PADDING]),
        { name: 'nothing', dtype: 'float32', dims: [1], data: new Float32Array(1) },
        integers('places', [length], []),
        integers('length', [length]),
      ],
      inputs,
      outputs: [value('sequences', 'int64', [BATCH, length]), value('probabilities', 'float32', [BATCH, length])],
      nodes: [
        ...graph.nodes.filter((entry) => !repeated.includes(entry)),
        node('Shape', [source], 'batch_size', { start: int(0), end: int(1) }),
        node('Concat', ['batch_size', 'one'], 'column_shape', { axis: int(0) }),
        node('Concat', ['batch_size', 'length'], 'written_shape', { axis: int(0) }),
        node('Expand', ['start', 'column_shape'], 'start_column'),
        node('Expand', ['padding', 'written_shape'], 'no_tokens'),
        node('Expand', ['nothing', 'written_shape'], 'no_probabilities'),
        loop,
      ],
    },
  };
}

const value = (name: string, dtype: DataType, shape: OnnxValueInfo['shape']): OnnxValueInfo => ({ name, dtype, shape });

const int = (value: number): OnnxAttribute => ({ kind: 'int', value });
