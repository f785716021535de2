import type { CompilableModel, OnnxModel, ParameterGroup, ParameterValues } from '../../graph/index.ts';
import {
  constantsAsInitializers,
  decodeModel,
  GraphError,
  groupOf,
  MODEL_INPUT,
  summarize,
} from '../../graph/index.ts';
import type { Built } from '../built.ts';
import type { InputSignature, OutputSignature } from '../specification.ts';
import { unitsOf } from '../units-of.ts';
import { type ImportedModel, type ImportSpec, importModel, mergeAdapters } from './imported-model.ts';
import { type LastLayer, lastLayer } from './last-layer.ts';
import type { ImportedSpec } from './specification.ts';

const NAMES_SHOWN = 6;
const WEIGHTS = 'body.weights.';

/**
 * A file made to fit the data: the softmax or the whole last layer taken off, weights frozen by name, adapters inside.
 * @throws GraphError that says what of the file does not fit, and what to write instead
 */
export function importedFamily(spec: ImportedSpec, input: InputSignature, output: OutputSignature): Built {
  const file = constantsAsInitializers(decodeModel(spec.onnx));
  const { head = 'new', trainable = spec.lora ? [] : undefined, lora } = spec;
  const last = lastLayer(file.graph, spec.output ?? file.graph.outputs[0]?.name ?? '');
  const shared: ImportSpec = {
    ...beginning(file, input),
    ...ending(spec, last, unitsOf(output, 'An ONNX file')),
  };
  const adapters = lora && {
    match: lora.targets ?? ['*'],
    rank: lora.rank,
    ...(lora.alpha ? { alpha: lora.alpha } : {}),
  };
  const imported = importModel(file, { ...shared, ...(adapters ? { adapters } : {}) });
  if (head === 'keep' && output.kind === 'regression')
    throw new GraphError('unsupported', 'To predict a number in its own unit, write head: new.');
  if (head === 'keep') checkOutput(imported, file, output);
  const { module, inputShape, inputType } = imported;
  return {
    module,
    inputShape,
    ...(inputType ? { inputType } : {}),
    parameters: ofTheFile(imported.parameters),
    parameterGroups: frozenGroups(imported, trainable, head === 'new'),
    ...(adapters
      ? {
          ship: (parameters) => ({
            model: importModel(file, shared),
            parameters: mergeAdapters(imported, parameters),
          }),
        }
      : {}),
  };
}

/** Fresh weights of head and adapters are drawn by the seed of the run. */
function ofTheFile(parameters: ParameterValues): ParameterValues {
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => name.startsWith(WEIGHTS)));
}

/** Where reading the file begins, checked against what the data yield. */
function beginning({ graph, producer }: OnnxModel, signature: InputSignature): ImportSpec {
  const inputShape = sampleShape(signature);
  // Our own files take raw data; their preprocessing is that of the data they were trained on, and stays behind.
  const own = producer === 'Lightbench' && graph.nodes.some(({ outputs }) => outputs.includes(MODEL_INPUT));
  if (own) return { input: MODEL_INPUT, inputShape };
  const constants = new Set(graph.initializers.map(({ name }) => name));
  const inputs = graph.inputs.filter(({ name }) => !constants.has(name));
  const [first] = inputs;
  if (!first || inputs.length > 1)
    throw new GraphError(
      'unsupported',
      `The file takes ${inputs.length} inputs (${inputs.map(({ name }) => name).join(', ')}), and one can be fed.`,
    );
  const dtype = signature.kind === 'tokens' ? 'int64' : 'float32';
  if (first.dtype !== dtype)
    throw new GraphError('shape-mismatch', `The file takes ${first.dtype}, and the data are ${dtype}.`);
  const asked = first.shape.slice(1);
  const fits =
    asked.length === inputShape.length &&
    asked.every((size, axis) => typeof size === 'string' || size === inputShape[axis]);
  if (!fits)
    throw new GraphError(
      'shape-mismatch',
      `The file takes [${first.shape}], and the data are [N,${inputShape}].${remedy(signature, asked)}`,
    );
  return { inputShape };
}

function remedy(signature: InputSignature, asked: readonly (number | string)[]): string {
  if (signature.kind !== 'image' || asked.length !== 3) return '';
  const [channels, height, width] = asked;
  const sizes = [
    typeof height === 'number' ? height : signature.height,
    typeof width === 'number' ? width : signature.width,
  ];
  const colours = channels === 1 || channels === 3 ? `, channels: ${channels}` : '';
  return ` Set preprocessing: { resize: [${sizes.join(', ')}]${colours} }.`;
}

function sampleShape(input: InputSignature): readonly number[] {
  switch (input.kind) {
    case 'image':
      return [input.channels, input.height, input.width];
    case 'table':
      return [input.features];
    case 'tokens':
      return [input.length];
    case 'series':
      return [input.length, input.features];
    case 'graph':
      throw new GraphError('unsupported', 'An ONNX file cannot be fine-tuned on a graph.');
  }
}

/** Where reading the file ends, and what comes after. */
function ending({ head = 'new', output }: ImportedSpec, { logits, features }: LastLayer, units: number): ImportSpec {
  if (head === 'keep') return { output: logits };
  return { output: output ?? features ?? logits, head: { units } };
}

function checkOutput(model: CompilableModel, { graph }: OnnxModel, output: OutputSignature): void {
  const { outputShape } = summarize(model);
  const units = unitsOf(output, 'An ONNX file');
  if (outputShape.length === 2 && outputShape[1] === units) return;
  throw new GraphError(
    'shape-mismatch',
    `The file answers with ${graph.outputs[0]?.name ?? 'nothing'} [${outputShape}], and [N,${units}] is to be learned: write head: new.`,
  );
}

/** One group per weight that stays as it is, so that no pattern of the config reaches it. */
function frozenGroups(
  { module }: ImportedModel,
  trainable: readonly string[] | undefined,
  hasHead: boolean,
): readonly ParameterGroup[] {
  if (trainable === undefined) return [];
  const names = [...module.body.weightShapes.keys()];
  for (const match of trainable) {
    if (names.some((name) => groupOf([{ match }], name))) continue;
    const more = names.length > NAMES_SHOWN ? ` and ${names.length - NAMES_SHOWN} more` : '';
    throw new GraphError(
      'invalid-argument',
      `No weight of the file is called ${match}. It has ${names.slice(0, NAMES_SHOWN).join(', ')}${more}.`,
    );
  }
  const patterns = trainable.map((match) => ({ match }));
  const frozen = names.filter((name) => groupOf(patterns, name) === undefined);
  if (frozen.length === names.length && !hasHead && !module.adapters)
    throw new GraphError(
      'invalid-argument',
      'Nothing of the file can learn: name weights in trainable, or write head: new or lora.',
    );
  return frozen.map((name) => ({ match: `${WEIGHTS}${name}`, frozen: true }));
}
