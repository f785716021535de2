import {
  BATCH,
  type CompilableModel,
  type Dimension,
  GraphError,
  Module,
  runAs,
  type Tensor,
  type Trace,
} from '../../graph/index.ts';
import type { InputSignature, OutputSignature } from '../specification.ts';
import { buildLayer } from './layers.ts';
import { applyOperation } from './operations.ts';
import { checkSize, type LayerContext, playLayer } from './play.ts';
import type { LayerStep, OwnSpec, Program, ProgramLayer, ProgramStep } from './program.ts';

/** @throws GraphError, with the line of the file, where steps do not fit the input or the result does not fit the task */
export function ownModel({ program }: OwnSpec, input: InputSignature, output: OutputSignature): CompilableModel {
  const module = new ProgramModule(program, output);
  switch (input.kind) {
    case 'image':
      return { module, inputShape: [input.channels, input.height, input.width] };
    case 'table':
      return { module, inputShape: [input.features] };
    case 'series':
      return { module, inputShape: [input.length, input.features] };
    case 'tokens':
      return { module, inputShape: [input.length], inputType: 'int64' };
    case 'graph':
      throw new GraphError('unsupported', 'A model file cannot learn from a graph.');
  }
}

/** Modules by name; what a path such as `blocks.0.conv` leads through. */
class Branch extends Module {
  readonly kind = 'Module';
  readonly #children = new Map<string, Module>();

  override forward(x: Tensor): Tensor {
    return x;
  }

  override children(): readonly (readonly [string, Module])[] {
    return [...this.#children];
  }

  branch(name: string): Branch {
    const known = this.#children.get(name);
    if (known instanceof Branch) return known;
    if (known) throw new GraphError('invalid-argument', `Two modules are called ${name}.`);
    const made = new Branch();
    this.#children.set(name, made);
    return made;
  }

  add(name: string, module: Module): void {
    if (this.#children.has(name)) throw new GraphError('invalid-argument', `Two modules are called ${name}.`);
    this.#children.set(name, module);
  }
}

class ProgramModule extends Module {
  readonly kind = 'Model';
  readonly #root = new Branch();
  readonly #modules: readonly Module[];
  readonly #program: Program;
  readonly #output: OutputSignature;

  constructor(program: Program, output: OutputSignature) {
    super();
    this.#program = program;
    this.#output = output;
    this.#modules = program.layers.map(({ path, settings }) => {
      const module = buildLayer(settings);
      const parts = namesOf(path);
      const parent = parts.slice(0, -1).reduce((branch, name) => branch.branch(name), this.#root);
      parent.add(parts.at(-1) ?? '', module);
      return module;
    });
  }

  override children(): readonly (readonly [string, Module])[] {
    return this.#root.children();
  }

  override forward(x: Tensor, trace: Trace): Tensor {
    const values = new Map<number, Tensor>([[0, x]]);
    const player: Player = {
      trace,
      values,
      layers: this.#program.layers,
      modules: this.#modules,
      batch: x.shape[0] ?? BATCH,
    };
    play(player, this.#program.steps, []);
    const result = tensorOf(values, this.#program.result);
    checkResult(result, x, this.#output);
    return result;
  }
}

interface Player {
  readonly trace: Trace;
  readonly values: Map<number, Tensor>;
  readonly layers: readonly ProgramLayer[];
  /** One for each of the layers. */
  readonly modules: readonly Module[];
  readonly batch: Dimension;
}

function play(player: Player, steps: readonly ProgramStep[], within: readonly string[]): void {
  for (const step of steps) {
    try {
      playStep(player, step, within).forEach((tensor, place) => {
        checkSize(tensor);
        const id = step.outputs[place];
        if (id !== undefined) player.values.set(id, tensor);
      });
    } catch (error) {
      throw step.line === undefined || step.kind === 'block' ? error : atLine(error, step.line);
    }
  }
}

function playStep(player: Player, step: ProgramStep, within: readonly string[]): readonly Tensor[] {
  const { trace, values, batch } = player;
  switch (step.kind) {
    case 'operation':
      return applyOperation(
        step.operation,
        step.inputs.map((id) => tensorOf(values, id)),
        trace,
        batch,
      );
    case 'layer': {
      const [module, said] = [player.modules[step.layer], player.layers[step.layer]];
      if (!module || !said) throw new GraphError('invalid-argument', `There is no layer ${step.layer}.`);
      const name = nameWithin(said.path, within);
      return playLayer(trace, name, said.settings, module, tensorOf(values, step.input), contextOf(step, values));
    }
    case 'block': {
      const block: Module = new Branch();
      const forward = (): Tensor => {
        play(player, step.steps, namesOf(step.path));
        return tensorOf(values, step.outputs[0] ?? -1);
      };
      const titled = { ...runAs(block, forward), kind: step.title, namedParameters: () => below(player, step.path) };
      return [trace.run(nameWithin(step.path, within), titled, tensorOf(values, step.input))];
    }
  }
}

/** Parameters of the layers that lie below a path, for the figures of a block. */
function below({ layers, modules }: Player, path: string): ReturnType<Module['namedParameters']> {
  return modules.flatMap((module, index) =>
    layers[index]?.path.startsWith(`${path}.`) ? module.namedParameters() : [],
  );
}

function contextOf({ memory, mask, lengths, causal }: LayerStep, values: ReadonlyMap<number, Tensor>): LayerContext {
  const given = (id: number | undefined): Tensor | undefined => (id === undefined ? undefined : tensorOf(values, id));
  return { memory: given(memory), mask: given(mask), lengths: given(lengths), causal };
}

function tensorOf(values: ReadonlyMap<number, Tensor>, id: number): Tensor {
  const tensor = values.get(id);
  if (!tensor) throw new GraphError('invalid-argument', `The value ${id} is used before it is there.`);
  return tensor;
}

/** `blocks.0.conv` → blocks.0, conv: places in a list belong to its name. */
const namesOf = (path: string): readonly string[] => path.split(/\.(?!\d)/);

function nameWithin(path: string, within: readonly string[]): string {
  const names = namesOf(path);
  const isInside = within.every((name, place) => names[place] === name);
  return (isInside ? names.slice(within.length) : names).join('.');
}

function atLine(error: unknown, line: number): unknown {
  if (!(error instanceof GraphError) || /^Line \d+:/.test(error.message)) return error;
  return new GraphError(error.reason, `Line ${line}: ${error.message}`);
}

/** The shape that a task wants of its model. */
export function resultShape(output: OutputSignature, x: Pick<Tensor, 'shape'>): readonly Dimension[] {
  const [batch = BATCH, ...sample] = x.shape;
  switch (output.kind) {
    case 'classification':
      return [batch, output.classes];
    case 'regression':
      return [batch, output.outputs];
    case 'forecast':
      return [batch, output.horizon, output.series];
    case 'tokens':
      return [batch, ...sample, output.vocabulary];
    case 'segmentation':
      return [batch, output.classes, ...sample.slice(1)];
    case 'detection':
    case 'embedding':
    case 'image':
      throw new GraphError('unsupported', `A model file cannot end in ${output.kind}.`);
  }
}

function checkResult(result: Tensor, x: Tensor, output: OutputSignature): void {
  const wanted = resultShape(output, x);
  if (result.dtype === 'float32' && `${result.shape}` === `${wanted}`) return;
  throw new GraphError('shape-mismatch', `The model gives [${result.shape}], and the task wants [${wanted}].`);
}
