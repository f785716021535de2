import type { CompilableModel, TensorSpec, Trace } from '../../graph/index.ts';
import {
  Dropout,
  edgeEnds,
  GATConv,
  GCNConv,
  GraphError,
  GraphPool,
  gatherRows,
  Linear,
  Module,
  multiply,
  SAGEConv,
  Sequential,
  type Tensor,
} from '../../graph/index.ts';
import { activationModule } from '../layer-builder.ts';
import type { InputSignature, OutputSignature } from '../specification.ts';
import { unitsOf } from '../units-of.ts';
import type { GraphNetworkSpec } from './specification.ts';

/** Logits per pair of nodes from the products of their features, by the model's input `pairs` int64 [2, P]. */
class PairHead extends Module {
  readonly kind = 'PairHead';
  readonly linear: Linear;

  constructor(features: number, classes: number) {
    super();
    this.linear = new Linear(features, classes);
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const { from, to } = edgeEnds(trace.input('pairs'));
    return trace.run('linear', this.linear, multiply(gatherRows(x, from), gatherRows(x, to)));
  }
}

export function graphNetwork(spec: GraphNetworkSpec, input: InputSignature, output: OutputSignature): CompilableModel {
  if (input.kind !== 'graph') throw new GraphError('unsupported', `A graph network takes a graph, not ${input.kind}.`);
  const task = spec.task ?? 'node';
  const units = unitsOf(output, 'A graph network');
  if (spec.hidden.length === 0) throw new GraphError('invalid-argument', 'A graph network needs a hidden layer.');
  const drop = (): readonly Module[] => (spec.dropout ? [new Dropout(spec.dropout)] : []);
  const layers: Module[] = [];
  let features = input.features;
  for (const size of spec.hidden) {
    layers.push(...drop(), hiddenLayer(spec, features, size), activationModule(spec.activation ?? 'relu'));
    features = size;
  }
  layers.push(...drop(), ...head(spec, task, features, units));
  return {
    module: new Sequential(layers),
    inputShape: [input.features],
    moreInputs: [{ name: 'edges', dtype: 'int64', shape: [2, 'edges'] }, ...inputsOf[task]],
    fullBatch: true,
  };
}

const inputsOf: Readonly<Record<NonNullable<GraphNetworkSpec['task']>, readonly TensorSpec[]>> = {
  node: [],
  edge: [{ name: 'pairs', dtype: 'int64', shape: [2, 'pairs'] }],
  graph: [{ name: 'graphOf', dtype: 'int64', shape: ['batch'] }],
};

function hiddenLayer(spec: GraphNetworkSpec, features: number, size: number): Module {
  if (spec.convolution === 'gcn') return new GCNConv(features, size);
  if (spec.convolution === 'sage') return new SAGEConv(features, size);
  const heads = spec.heads ?? 4;
  if (size % heads !== 0) throw new GraphError('invalid-argument', `${size} features do not form ${heads} heads.`);
  return new GATConv(features, size / heads, { heads });
}

function head(
  spec: GraphNetworkSpec,
  task: NonNullable<GraphNetworkSpec['task']>,
  features: number,
  units: number,
): readonly Module[] {
  if (task === 'edge') return [new PairHead(features, units)];
  if (task === 'graph') return [new GraphPool(spec.pooling ?? 'mean'), new Linear(features, units)];
  if (spec.convolution === 'gat') return [new GATConv(features, units, { heads: 1, join: 'mean' })];
  return [spec.convolution === 'gcn' ? new GCNConv(features, units) : new SAGEConv(features, units)];
}
