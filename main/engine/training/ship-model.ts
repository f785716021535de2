import type { CheckpointState } from '../../contract/checkpoint.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { Signature } from '../../contract/registry.ts';
import type { Run } from '../../contract/training.ts';
import { MODEL } from '../../formats/bundle/bundle-folder.ts';
import {
  type CompilableModel,
  type CompiledGraph,
  compileDecoding,
  compileForward,
  compileGeneration,
  FIRST_WORD,
  type ForwardOptions,
  type ParameterValues,
  type Target,
  type TensorSpec,
} from '../../graph/index.ts';
import {
  compileDrawing,
  generationModel,
  inUnitsOfTarget,
  type Model,
  type ModelSources,
  modelFor,
  samplerOf,
  trainedWeights,
  usualSteps,
} from '../../models/index.ts';
import { parseCheckpoint } from './checkpoint-bytes.ts';
import { describeInput, describeOutput, describePreprocessing } from './describe-model.ts';
import type { ReferenceModel, ShippingModel, TensorValue } from './shipping.ts';

export interface StoredCheckpoint {
  readonly state: CheckpointState;
  readonly model: Model;
  /** Parameters, averaged where training kept averages, and buffers, as the compiled graphs name them. */
  readonly parameters: ParameterValues;
}

/** @throws LightbenchError workspace.damaged when the bytes are no checkpoint of a model that can be built */
export function readCheckpoint(bytes: Uint8Array, digest: string, sources: ModelSources): StoredCheckpoint {
  const { state, values } = parseCheckpoint(bytes, digest);
  try {
    const model = modelFor(state.task, state.model, state.preprocessing, state.classes.length, sources);
    const parameters = trainedWeights(model.module, values);
    const missing = Object.keys(weightShapes(model)).find((name) => !(name in parameters));
    if (missing !== undefined) throw new Error(`The tensor ${missing} is missing.`);
    return { state, model, parameters };
  } catch (error) {
    throw new LightbenchError('workspace.damaged', `The checkpoint ${digest} cannot be read.`, {
      details: { digest },
      cause: error,
    });
  }
}

/** Compiles what leaves the machine and what it is compared with. Pure. */
export function shipModel(
  run: Run,
  checkpointDigest: string,
  bytes: Uint8Array,
  target: Target,
  sources: ModelSources,
): ShippingModel {
  const checkpoint = readCheckpoint(bytes, checkpointDigest, sources);
  const { state, model } = checkpoint;
  const { preprocessing, classes } = state;
  const metadata = {
    run: run.id,
    dataset: run.datasetDigest,
    checkpoint: checkpointDigest,
    classes: JSON.stringify(classes),
    ...(preprocessing.kind === 'tokens'
      ? { unit: preprocessing.unit, vocabulary: JSON.stringify(preprocessing.vocabulary) }
      : {}),
    ...(preprocessing.kind === 'tokens' && preprocessing.target !== undefined
      ? {
          targetUnit: preprocessing.target.unit,
          targetVocabulary: JSON.stringify(preprocessing.target.vocabulary),
        }
      : {}),
  };
  const { shipped, reference, drawing } =
    state.task === 'image-generation'
      ? drawingGraphs(checkpoint, metadata, target)
      : answeringGraphs(checkpoint, metadata, target);
  const signature: Signature = {
    inputs: shipped.inputs.map((input) => ({
      ...tensorOf(input, describeInput(input.name, state)),
      ...limitsOf(input.name, state),
      ...(drawing?.settings[input.name] === undefined ? {} : { usual: drawing.settings[input.name] }),
    })),
    outputs: shipped.outputs.map((output) => tensorOf(output, describeOutput(output.name, state))),
  };
  return {
    runId: run.id,
    checkpointDigest,
    datasetDigest: run.datasetDigest,
    labelSetDigest: run.labelSetDigest,
    codeVersion: run.codeVersion,
    task: run.task,
    classes,
    metrics: run.metrics,
    onnx: shipped.onnx,
    ...generationOf(checkpoint, signature),
    signature,
    preprocessing: describePreprocessing(preprocessing, state),
    layout: {
      input: signature.inputs[0],
      columns: state.columns,
      ...(preprocessing.kind === 'series' ? { orderedBy: preprocessing.orderedBy } : {}),
      ...(preprocessing.kind === 'tokens' ? { tokens: preprocessing } : {}),
      ...(preprocessing.kind === 'graph' ? { hops: hopsOf(model) } : {}),
      ...(drawing === undefined ? {} : { drawing }),
    },
    parameters: model.summary.parameterCount,
    reference,
  };
}

/**
 * Of pictures in 0 … 1, a fortieth of a byte: a model that predicts the noise divides by what is left of the picture, at first
 * next to nothing, and so does the rounding of every step.
 */
const NOISE_TOLERANCE = 1e-4;

interface ShippedGraphs {
  readonly shipped: CompiledGraph;
  readonly reference: ReferenceModel;
  readonly drawing?: ShippingModel['layout']['drawing'];
}

type Metadata = Readonly<Record<string, string>>;

/** Raw input to answer. */
function answeringGraphs(
  { state, model, parameters }: StoredCheckpoint,
  metadata: Metadata,
  target: Target,
): ShippedGraphs {
  const leaving = model.ship?.(parameters) ?? { model, parameters };
  const { preprocessing } = state;
  const compile = (
    compiled: CompilableModel,
    options: Omit<ForwardOptions, 'preprocessing' | 'softmax' | 'outputName'>,
  ) =>
    state.task === 'sequence-to-sequence'
      ? compileDecoding(compiled, { preprocessing, ...options })
      : compileForward(inUnitsOfTarget(compiled, state.targetScale), {
          preprocessing,
          softmax: softmaxOf(model),
          ...(model.output.kind === 'embedding' ? { outputName: 'embedding' } : {}),
          ...options,
        });
  return {
    shipped: compile(leaving.model, { parameters: leaving.parameters, metadata }),
    reference: { onnx: compile(model, { target }).onnx, weights: weightsOf(model, parameters) },
  };
}

/** How a language model writes: with cached keys and values where it is a transformer, otherwise by what it answers with. */
function generationOf(
  { state: { task, preprocessing }, model, parameters }: StoredCheckpoint,
  { inputs }: Signature,
): Pick<ShippingModel, 'generation'> {
  if (task !== 'language-modeling' || preprocessing.kind !== 'tokens') return {};
  const { unit, lowercase, length, vocabulary } = preprocessing;
  const reading = { length, unit, lowercase, vocabulary };
  const { spec, input, output } = model;
  if (spec.kind !== 'transformer_decoder')
    return { generation: { description: { graph: MODEL, input: inputs[0].name, cache: [], ...reading } } };
  const { onnx, cache } = compileGeneration(generationModel(spec, input, output), { parameters });
  return { generation: { description: { graph: 'generation.onnx', input: 'x', cache, ...reading }, onnx } };
}

/** Noise to pictures, compared with how the studio draws its own samples. */
function drawingGraphs({ model, parameters }: StoredCheckpoint, metadata: Metadata, target: Target): ShippedGraphs {
  const sampler = samplerOf(model);
  const { classes } = sampler;
  const guided = sampler.kind === 'ddim' && classes > 0;
  return {
    shipped: compileDrawing(model, parameters, metadata),
    reference: {
      onnx: compileForward(sampler.model, { target }).onnx,
      weights: weightsOf(sampler.model, parameters),
      drawing: sampler.kind === 'ddim' ? { kind: 'ddim', steps: sampler.steps } : { kind: 'latent' },
      ...(sampler.kind === 'ddim' && sampler.prediction === 'epsilon' ? { tolerance: NOISE_TOLERANCE } : {}),
    },
    drawing: {
      classes,
      settings:
        sampler.kind === 'latent'
          ? { temperature: sampler.temperature }
          : { ...(guided ? { guidance: sampler.guidance } : {}), steps: usualSteps(sampler.steps) },
    },
  };
}

function softmaxOf({ output }: Model): boolean | 'pixels' {
  return output.kind === 'segmentation' ? 'pixels' : output.kind === 'classification' || output.kind === 'tokens';
}

/** The Open Inference Protocol's names of element types. */
const DATATYPES: Readonly<Record<string, string>> = {
  float32: 'FP32',
  uint8: 'UINT8',
  int64: 'INT64',
  int32: 'INT32',
  string: 'BYTES',
};

function tensorOf({ name, dtype, shape }: TensorSpec, description: string): Signature['inputs'][number] {
  return {
    name,
    datatype: DATATYPES[dtype] ?? dtype.toUpperCase(),
    shape: shape.map((size) => (typeof size === 'number' ? size : -1)),
    description,
  };
}

/** Which numbers an input of whole numbers may hold: beyond them the graph would fail, or answer about something else. */
function limitsOf(
  input: string,
  { preprocessing, classes, model }: CheckpointState,
): Pick<Signature['inputs'][number], 'values'> {
  if (input === 'edges') return { values: { from: 0, below: 'nodes' } };
  // Only diffusion has learned to draw without being told a class.
  if (input === 'label') return { values: { from: model.kind === 'diffusion' ? -1 : 0, below: classes.length } };
  if (input === 'steps' && model.kind === 'diffusion') return { values: { from: 1, below: model.steps + 1 } };
  if (preprocessing.kind !== 'tokens') return {};
  return { values: { from: 0, below: preprocessing.vocabulary.length + FIRST_WORD } };
}

/** What a node is told by ends where the last convolution begins; how many edges lead there counts as well. */
function hopsOf({ summary }: Model): number {
  return summary.layers.filter(({ kind }) => kind.endsWith('Conv')).length + 1;
}

function weightsOf(model: Pick<Model, 'module'>, parameters: ParameterValues): Record<string, TensorValue> {
  return Object.fromEntries(
    Object.entries(weightShapes(model)).map(([name, dims]) => [
      name,
      { dtype: 'float32', dims: [...dims], data: parameters[name] },
    ]),
  );
}

function weightShapes({ module }: Pick<Model, 'module'>): Record<string, readonly number[]> {
  const named = [...module.namedParameters(), ...module.namedBuffers()];
  return Object.fromEntries(named.map(([name, { shape }]) => [name, shape]));
}
