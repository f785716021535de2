import type { ModelSummary, Tensor, Trace } from '../graph/index.ts';
import { BATCH, GraphError, L2Normalize, Module, reshape, Sequential, summarize } from '../graph/index.ts';
import { architectureLayers } from './architectures.ts';
import type { Built } from './built.ts';
import type { Family } from './families.ts';
import { familyOf } from './families.ts';
import { buildLayers } from './layer-builder.ts';
import type {
  ArchitectureSpec,
  ImageEmbeddingSpec,
  InputSignature,
  LayeredSpec,
  LayerSpec,
  OutputSignature,
} from './specification.ts';

export interface Model extends Built {
  readonly spec: ArchitectureSpec;
  readonly input: InputSignature;
  readonly output: OutputSignature;
  readonly summary: ModelSummary;
}

/**
 * Makes a model from an architecture as plain data. What it takes and gives per sample is said by the signatures.
 * @throws GraphError where layers do not fit each other; its message names the shapes.
 */
export function buildModel(spec: ArchitectureSpec, input: InputSignature, output: OutputSignature): Model {
  const model =
    spec.kind === 'image_embedding'
      ? buildEmbedding(spec, input, output)
      : (familyOf(spec.kind) ?? (buildLayered as Family<ArchitectureSpec>))(spec, input, output);
  return { ...model, spec, input, output, summary: summarize(model) };
}

/** Whether all weights of a model are given and stay as they are: the average of trained models. */
export function learnsNothing({ spec }: Model): boolean {
  return spec.kind === 'ensemble' && spec.combine === 'average';
}

const buildEmbedding: Family<ImageEmbeddingSpec> = ({ encoder, dimensions }, input, output) => {
  if (input.kind !== 'image' || output.kind !== 'embedding')
    throw new GraphError('unsupported', `An image embedding cannot turn ${input.kind} into ${output.kind}.`);
  const { module, inputShape } = buildModel(encoder, input, { kind: 'regression', outputs: dimensions });
  return { module: new Sequential([module, new L2Normalize()]), inputShape };
};

const buildLayered: Family<LayeredSpec> = (spec, input, output) => {
  const inputShape = sampleShape(input);
  const units = unitsOf(output);
  const body = architectureLayers(spec, inputShape.length);
  const initialization = spec.initialization ?? 'pytorch';
  const { outputShape } = buildLayers(body, inputShape, initialization);
  const head: readonly LayerSpec[] =
    outputShape.length > 1 ? [{ kind: 'flatten' }, { kind: 'linear', units }] : [{ kind: 'linear', units }];
  const { module } = buildLayers([...body, ...head], inputShape, initialization);
  return { module: output.kind === 'forecast' ? new ForecastRows(module, output) : module, inputShape };
};

/** The numbers of a forecast, [horizon × series], as one row per moment. */
class ForecastRows extends Module {
  readonly kind = 'ForecastRows';
  readonly layers: Module;
  readonly #horizon: number;
  readonly #series: number;

  constructor(layers: Module, { horizon, series }: { readonly horizon: number; readonly series: number }) {
    super();
    this.layers = layers;
    this.#horizon = horizon;
    this.#series = series;
  }

  override forward(x: Tensor, trace: Trace): Tensor {
    const flat = trace.run('layers', this.layers, x);
    return reshape(flat, [flat.shape[0] ?? BATCH, this.#horizon, this.#series]);
  }
}

/** A list of layers takes numbers: token ids need an embedding first, nodes of a graph their edges. */
function sampleShape(input: InputSignature): readonly number[] {
  switch (input.kind) {
    case 'image':
      return [input.channels, input.height, input.width];
    case 'table':
      return [input.features];
    case 'series':
      return [input.length, input.features];
    default:
      throw new GraphError('unsupported', `A list of layers cannot take ${input.kind} as input.`);
  }
}

function unitsOf(output: OutputSignature): number {
  switch (output.kind) {
    case 'classification':
      return output.classes;
    case 'regression':
      return output.outputs;
    case 'forecast':
      return output.horizon * output.series;
    default:
      throw new GraphError('unsupported', `A list of layers cannot end in ${output.kind}.`);
  }
}
