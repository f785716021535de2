import { add, Module, Sequential, type Tensor, type Trace } from '../../graph/index.ts';
import { architectureLayers } from '../architectures.ts';
import type { Built } from '../built.ts';
import { buildLayers } from '../layer-builder.ts';
import type { InputSignature, OutputSignature } from '../specification.ts';
import { unitsOf } from '../units-of.ts';
import { EmbeddedColumns } from './embedded-columns.ts';
import type { EmbeddingNetworkSpec, TabularSpec, WideAndDeepSpec } from './specification.ts';
import { type TableColumns, tableColumns } from './table-columns.ts';
import { WidePart } from './wide-part.ts';

/** Both parts see the same table; their answers are added. */
class WideAndDeep extends Module {
  readonly kind = 'WideAndDeep';
  readonly wide: WidePart;
  readonly deep: Sequential;

  constructor(wide: WidePart, deep: Sequential) {
    super();
    this.wide = wide;
    this.deep = deep;
  }

  forward(x: Tensor, trace: Trace): Tensor {
    return add(trace.run('wide', this.wide, x), trace.run('deep', this.deep, x));
  }
}

export function embeddingNetwork(spec: EmbeddingNetworkSpec, input: InputSignature, output: OutputSignature): Built {
  const columns = tableColumns(input);
  return { module: deepPart(spec, columns, unitsOf(output, 'Embeddings of categories')), inputShape: widthOf(input) };
}

export function wideAndDeep(spec: WideAndDeepSpec, input: InputSignature, output: OutputSignature): Built {
  const columns = tableColumns(input);
  const units = unitsOf(output, 'Embeddings of categories');
  const wide = new WidePart(columns, spec.crosses ?? [], units);
  return { module: new WideAndDeep(wide, deepPart(spec, columns, units)), inputShape: widthOf(input) };
}

function deepPart({ embedding, ...spec }: TabularSpec, columns: TableColumns, units: number): Sequential {
  const embedded = new EmbeddedColumns(columns, embedding);
  const layers = architectureLayers({ ...spec, kind: 'mlp' }, 1);
  const { module } = buildLayers([...layers, { kind: 'linear', units }], [embedded.features], 'pytorch');
  return new Sequential([embedded, ...module.layers]);
}

const widthOf = (input: InputSignature): readonly number[] => (input.kind === 'table' ? [input.features] : []);
