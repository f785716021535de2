import type { CheckpointState } from '../../contract/checkpoint.ts';
import { LightbenchError } from '../../contract/errors.ts';
import type { Signature } from '../../contract/registry.ts';
import type { Run } from '../../contract/training.ts';
import {
  type CompilableModel,
  compileDecoding,
  compileForward,
  type ForwardOptions,
  type ParameterValues,
  type Target,
} from '../../graph/index.ts';
import { inUnitsOfTarget, type Model, type ModelSources, modelFor, trainedWeights } from '../../models/index.ts';
import { parseCheckpoint } from './checkpoint-bytes.ts';
import { describeInput, describeOutput, describePreprocessing } from './describe-model.ts';
import type { ShippingModel, TensorValue } from './shipping.ts';

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
  reference: Target,
  sources: ModelSources,
): ShippingModel {
  const { state, model, parameters } = readCheckpoint(bytes, checkpointDigest, sources);
  const leaving = model.ship?.(parameters) ?? { model, parameters };
  const { preprocessing, classes } = state;
  const compile = (compiled: CompilableModel, options: Omit<ForwardOptions, 'preprocessing' | 'softmax'>) =>
    state.task === 'sequence-to-sequence'
      ? compileDecoding(compiled, { preprocessing, ...options })
      : compileForward(inUnitsOfTarget(compiled, state.targetScale), {
          preprocessing,
          softmax: softmaxOf(model),
          ...options,
        });
  const shipped = compile(leaving.model, {
    parameters: leaving.parameters,
    metadata: {
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
    },
  });
  const compared = compile(model, { target: reference });
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
    signature: {
      inputs: shipped.inputs.map(({ name, dtype, shape }) => ({
        name,
        datatype: DATATYPES[dtype] ?? dtype.toUpperCase(),
        shape: openShape(shape),
        description: describeInput(state),
      })),
      outputs: shipped.outputs.map(({ name, dtype, shape }) => ({
        name,
        datatype: DATATYPES[dtype] ?? dtype.toUpperCase(),
        shape: openShape(shape),
        description: describeOutput(name, state),
      })),
    },
    preprocessing: describePreprocessing(preprocessing, state),
    columns: state.columns,
    orderedBy: preprocessing.kind === 'series' ? preprocessing.orderedBy : null,
    tokens: preprocessing.kind === 'tokens' ? preprocessing : null,
    image:
      preprocessing.kind === 'image'
        ? {
            channels: preprocessing.sourceChannels,
            height: preprocessing.resize ? null : preprocessing.height,
            width: preprocessing.resize ? null : preprocessing.width,
          }
        : null,
    parameters: model.summary.parameterCount,
    reference: { onnx: compared.onnx, weights: weightsOf(model, parameters) },
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

function openShape(shape: Signature['inputs'][number]['shape'] | readonly (number | string)[]): number[] {
  return shape.map((size) => (typeof size === 'number' ? size : -1));
}

function weightsOf(model: Model, parameters: ParameterValues): Record<string, TensorValue> {
  return Object.fromEntries(
    Object.entries(weightShapes(model)).map(([name, dims]) => [
      name,
      { dtype: 'float32', dims: [...dims], data: parameters[name] },
    ]),
  );
}

function weightShapes({ module }: Model): Record<string, readonly number[]> {
  const named = [...module.namedParameters(), ...module.namedBuffers()];
  return Object.fromEntries(named.map(([name, { shape }]) => [name, shape]));
}
