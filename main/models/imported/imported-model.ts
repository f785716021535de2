import type { CompilableModel, OnnxModel, ParameterGroup, ParameterValues, Tensor, Trace } from '../../graph/index.ts';
import {
  decodeModel,
  dimensionProduct,
  GlobalAvgPool,
  GraphError,
  ImportedModule,
  initializeParameters,
  Linear,
  Module,
  reshape,
  summarize,
} from '../../graph/index.ts';
import { type AdapterSpec, Adapters } from './adapters.ts';

export interface ImportSpec {
  /** A tensor of the file to end at, such as the features before its last layer. */
  readonly output?: string;
  /** Sizes of one sample, where the file leaves some open. */
  readonly inputShape?: readonly number[];
  /** A float32 tensor of the file to begin at, of the sizes `inputShape`. */
  readonly input?: string;
  /** A linear layer over what the graph ends in: maps averaged over their pixels, all else flattened. */
  readonly head?: { readonly units: number };
  /** Low-rank adapters on weights; the weights themselves stay frozen. */
  readonly adapters?: AdapterSpec;
  /** Of head and adapters. Default 0. */
  readonly seed?: number;
}

export interface ImportedModel extends CompilableModel {
  readonly module: Finetuned;
  /** The file's weights and fresh ones of head and adapters: `parameters` of the compile functions. */
  readonly parameters: ParameterValues;
  /**
   * For `compileTrainStep`: with a head or adapters, the file's weights are frozen. Put groups before these to free some
   * of them, such as `{ match: 'body.weights.layer4.*' }`: the first that fits counts.
   */
  readonly parameterGroups: readonly ParameterGroup[];
}

/** An imported graph (`body.weights.<name>`), then a head (`head.*`) over it, with adapters (`adapters.*`) inside. */
export class Finetuned extends Module {
  readonly kind = 'Finetuned';
  readonly body: ImportedModule;
  readonly adapters: Adapters | undefined;
  readonly head: Linear | undefined;

  constructor(body: ImportedModule, adapters: Adapters | undefined, head: Linear | undefined) {
    super();
    this.body = body;
    this.adapters = adapters;
    this.head = head;
    if (adapters) body.onWeight((name, weight, trace) => adapters.adapt(name, weight, trace));
  }

  forward(x: Tensor, trace: Trace): Tensor {
    const y = trace.run('body', this.body, x);
    return this.head ? trace.run('head', this.head, flatten(pooled(y, trace))) : y;
  }
}

/** Maps of features become one number each: the mean over their pixels. */
function pooled(x: Tensor, trace: Trace): Tensor {
  return x.shape.length === 4 ? trace.run('pool', new GlobalAvgPool(), x) : x;
}

/**
 * Reads an ONNX file for fine-tuning. Its first input is `x` and must have a batch as its first axis.
 * @throws GraphError `malformed-onnx`, or `unsupported` with every node that cannot be read
 */
export function importModel(onnx: Uint8Array | OnnxModel, spec: ImportSpec = {}): ImportedModel {
  const body = new ImportedModule(onnx instanceof Uint8Array ? decodeModel(onnx) : onnx, {
    ...(spec.input === undefined ? {} : { input: spec.input }),
    ...(spec.output === undefined ? {} : { output: spec.output }),
    ...(spec.inputShape ? { inputShape: spec.inputShape } : {}),
  });
  const [first, ...more] = body.inputs;
  const inputShape = (first?.shape.slice(1) ?? []).map((size) => {
    if (typeof size === 'number') return size;
    throw new GraphError('unsupported', `The input ${first?.name} has the symbolic size ${size}, not only a batch.`);
  });
  const shape = {
    inputShape,
    ...(first && first.dtype !== 'float32' ? { inputType: first.dtype } : {}),
    ...(more.length > 0 ? { moreInputs: more } : {}),
  };
  const head = spec.head && new Linear(featuresOf({ module: body, ...shape }), spec.head.units);
  const adapters = spec.adapters && new Adapters(spec.adapters, body.weightShapes);
  const module = new Finetuned(body, adapters, head);
  const parameters: Record<string, Float32Array> = { ...initializeParameters(module, spec.seed ?? 0) };
  for (const [name, value] of Object.entries(body.values)) parameters[`body.${name}`] = value;
  const parameterGroups: readonly ParameterGroup[] = adapters || head ? [{ match: 'body.*', frozen: true }] : [];
  return { module, ...shape, parameters, parameterGroups };
}

/** The same weights with the adapters' part added to them, for the model imported without adapters. */
export function mergeAdapters({ module }: ImportedModel, parameters: ParameterValues): ParameterValues {
  const merged = Object.entries(parameters).filter(([name]) => !name.startsWith('adapters.'));
  const { adapters } = module;
  return Object.fromEntries(
    merged.map(([name, value]) => {
      const own = name.replace(/^body\.weights\./, '');
      return [name, name === own || !adapters ? value : adapters.merge(own, value, parameters)];
    }),
  );
}

function featuresOf(model: CompilableModel): number {
  const { outputShape } = summarize(model);
  const sizes = outputShape.length === 4 ? outputShape.slice(1, 2) : outputShape.slice(1);
  return sizes.reduce<number>((product, size) => {
    if (typeof size === 'number') return product * size;
    throw new GraphError('shape-mismatch', `A head needs an output of fixed sizes, not [${outputShape}].`);
  }, 1);
}

const flatten = (x: Tensor): Tensor => reshape(x, [x.shape[0] ?? 1, dimensionProduct(x.shape.slice(1))]);
