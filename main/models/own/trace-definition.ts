import { nearest } from '../../base/nearest.ts';
import { BATCH, createGraph, GraphError } from '../../graph/index.ts';
import type { InputSignature, OutputSignature } from '../specification.ts';
import { ModelDefinition } from './api/define-model.ts';
import { partsOf } from './api/layer-parts.ts';
import { Layer } from './api/layers.ts';
import { Module } from './api/module.ts';
import { type RecordedStep, Recorder, withRecorder } from './api/recorder.ts';
import { Tensor } from './api/tensor.ts';
import type { Program, ProgramLayer, ProgramStep } from './program.ts';
import { resultShape } from './program-module.ts';
import { ShapeTrace } from './shape-trace.ts';

export interface TraceRequest {
  readonly task: string;
  readonly input: InputSignature;
  readonly output: OutputSignature;
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * Builds the model of a definition and runs it once on a symbolic input.
 *
 * @param lineOf the line of the model file that is running now
 * @throws GraphError where the file asks for something impossible; whatever the file itself throws
 */
export function traceDefinition(
  value: unknown,
  { task, input, output, options }: TraceRequest,
  lineOf: () => number | undefined = () => undefined,
): Program {
  if (!(value instanceof ModelDefinition))
    throw new GraphError('invalid-argument', 'The file must end in export default defineModel({ … }).');
  const { definition } = value;
  checkTask(definition.task, task);
  const given = optionsOf(definition.options ?? {}, options);
  const built = definition.build({ input, output, options: given });
  const graph = createGraph();
  const x = graph.input('x', input.kind === 'tokens' ? 'int64' : 'float32', [BATCH, ...sampleShape(input)]);
  const recorder = new Recorder(new ShapeTrace(graph), BATCH, lineOf);
  return withRecorder(recorder, () => {
    const first = recorder.begin(x);
    if (typeof built !== 'function')
      throw new GraphError('invalid-argument', 'build must return a module, or a function of the input.');
    const result = built instanceof Module ? built.forward(first) : (built as (x: Tensor) => unknown)(first);
    if (!(result instanceof Tensor)) throw new GraphError('invalid-argument', 'The model does not return a tensor.');
    const wanted = resultShape(output, x);
    if (result.dtype !== 'float32' || `${result.shape}` !== `${wanted}`)
      throw new GraphError('shape-mismatch', `The model gives [${result.shape}], and ${task} wants [${wanted}].`);
    return programOf(built, recorder.steps, result.id);
  });
}

function checkTask(said: unknown, task: string): void {
  const tasks: readonly unknown[] = Array.isArray(said) ? said : [said];
  if (tasks.includes(task)) return;
  throw new GraphError(
    'invalid-argument',
    said === undefined
      ? `The file does not say its task: write task: '${task}' in defineModel.`
      : `The file is made for ${tasks.join(', ')}, and the config's task is ${task}.`,
  );
}

/** The file's options, with those of the config instead where it names them. */
function optionsOf(
  defaults: Readonly<Record<string, unknown>>,
  chosen: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const known = Object.keys(defaults);
  for (const [name, value] of Object.entries(chosen)) {
    if (!known.includes(name)) {
      const guess = nearest(name, known);
      const hint =
        guess !== undefined
          ? `did you mean ${guess}?`
          : known.length > 0
            ? `it has ${known.join(', ')}.`
            : 'it has none.';
      throw new GraphError('invalid-argument', `The file has no option ${name}: ${hint}`);
    }
    const [was, is] = [kindOf(defaults[name]), kindOf(value)];
    if (was !== is) throw new GraphError('invalid-argument', `The option ${name} is ${is}, and the file takes ${was}.`);
  }
  return Object.freeze({ ...defaults, ...chosen });
}

const kindOf = (value: unknown): string =>
  Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`;

function sampleShape(input: InputSignature): readonly number[] {
  switch (input.kind) {
    case 'image':
      return [input.channels, input.height, input.width];
    case 'table':
      return [input.features];
    case 'series':
      return [input.length, input.features];
    case 'tokens':
      return [input.length];
    case 'graph':
      throw new GraphError('unsupported', 'A model file cannot learn from a graph.');
  }
}

function programOf(root: unknown, steps: readonly RecordedStep[], result: number): Program {
  const paths = pathsOf(root, steps);
  const used = new Set<object>();
  const collect = (all: readonly RecordedStep[]): void => {
    for (const step of all) {
      if (step.kind === 'block') collect(step.steps);
      else if (step.kind === 'layer') used.add(step.module);
    }
  };
  collect(steps);
  const inOrder = [...paths.keys()].filter((module): module is Layer => module instanceof Layer && used.has(module));
  const places = new Map<object, number>(inOrder.map((module, place) => [module, place] as const));
  const layers = inOrder.map(
    (module): ProgramLayer => ({ path: paths.get(module) ?? '', settings: partsOf(module).settings }),
  );
  const named = (step: RecordedStep): readonly ProgramStep[] => {
    if (step.kind === 'operation') return [step];
    if (step.kind === 'layer') {
      const { module, ...rest } = step;
      return [{ ...rest, layer: places.get(module) ?? -1 }];
    }
    const { module, ...rest } = step;
    const inner = step.steps.flatMap(named);
    const path = paths.get(module);
    if (path === undefined) return inner;
    return [{ ...rest, path, title: module.constructor.name.slice(0, TITLE_LENGTH) || 'Module', steps: inner }];
  };
  return { version: 1, layers, steps: steps.flatMap(named), result };
}

const TITLE_LENGTH = 60;

/**
 * Names of modules in the order of the tree: by the properties that hold them, as PyTorch names them. What no property
 * holds is called after its kind, in the order of use.
 */
function pathsOf(root: unknown, steps: readonly RecordedStep[]): Map<object, string> {
  const paths = new Map<object, string>();
  const visit = (module: object, path: string): void => {
    if (paths.has(module)) return;
    paths.set(module, path);
    for (const [name, child] of childrenOf(module)) visit(child, path === '' ? name : `${path}.${name}`);
  };
  if (root instanceof Module && !(root instanceof Layer)) visit(root, '');
  const counts = new Map<string, number>();
  const adopt = (module: object): void => {
    if (paths.has(module)) return;
    const title = module instanceof Layer ? partsOf(module).settings.kind : module.constructor.name || 'Module';
    const name = title.charAt(0).toLowerCase() + title.slice(1).replace(/\W/g, '');
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    visit(module, `${name}${count}`);
  };
  const walk = (all: readonly RecordedStep[]): void => {
    for (const step of all) {
      if (step.kind === 'operation') continue;
      adopt(step.module);
      if (step.kind === 'block') walk(step.steps);
    }
  };
  walk(steps);
  return paths;
}

function childrenOf(module: object): readonly (readonly [string, Module])[] {
  return Object.entries(module).flatMap(([name, value]): readonly (readonly [string, Module])[] => {
    const clean = name.replace(/\W/g, '_');
    const members: readonly unknown[] = Array.isArray(value) ? value : [value];
    return members.flatMap((member, index): readonly (readonly [string, Module])[] =>
      member instanceof Module ? [[Array.isArray(value) ? `${clean}.${index}` : clean, member]] : [],
    );
  });
}
