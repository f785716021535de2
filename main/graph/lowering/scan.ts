import type { Shape } from '../dimension.ts';
import type { OnnxGraph } from '../onnx/model.ts';
import type { Lowering } from './lowering.ts';

/** A float32 value that enters a Scan: its name outside and its shape within one step. */
export interface ScanValue {
  readonly name: string;
  readonly shape: Shape;
}

export interface ScanPlan {
  /** Carried from step to step: their values before the first. */
  readonly states: readonly ScanValue[];
  /** Read one step at a time along their leading axis. */
  readonly inputs: readonly ScanValue[];
  /** Shapes of what each step yields besides its states. */
  readonly outputShapes: readonly Shape[];
  /** From the last step to the first; what comes out lies in the order of the inputs all the same. */
  readonly reverse: boolean;
  /** Emits the nodes of one step; it may read any value of the graph around. */
  readonly step: (
    states: readonly string[],
    inputs: readonly string[],
  ) => { readonly states: readonly string[]; readonly outputs: readonly string[] };
}

/** Emits an ONNX Scan; yields the states after the last step and the stacked outputs. */
export function emitScan(
  lowering: Lowering,
  plan: ScanPlan,
): { readonly states: readonly string[]; readonly outputs: readonly string[] } {
  const { states, inputs, outputShapes, reverse } = plan;
  const enter = (value: ScanValue): string => lowering.fresh(`${value.name}_step`);
  const stateNames = states.map(enter);
  const inputNames = inputs.map(enter);
  const { nodes, result } = lowering.nested(() => {
    const next = plan.step(stateNames, inputNames);
    // A body may not yield what it was given, nor the same value twice.
    const taken = new Set([...stateNames, ...inputNames]);
    const distinct = (name: string): string => {
      const own = taken.has(name) ? lowering.emit('Identity', [name]) : name;
      taken.add(own);
      return own;
    };
    return { states: next.states.map(distinct), outputs: next.outputs.map(distinct) };
  });
  const info = (names: readonly string[], shapes: readonly Shape[]) =>
    names.map((name, index) => ({ name, dtype: 'float32' as const, shape: shapes[index] ?? [] }));
  const stateShapes = states.map(({ shape }) => shape);
  const body: OnnxGraph = {
    name: 'step',
    nodes,
    initializers: [],
    inputs: [
      ...info(stateNames, stateShapes),
      ...info(
        inputNames,
        inputs.map(({ shape }) => shape),
      ),
    ],
    outputs: [...info(result.states, stateShapes), ...info(result.outputs, outputShapes)],
  };
  const directions = (count: number): readonly number[] => Array.from({ length: count }, () => (reverse ? 1 : 0));
  const names = lowering.emitAll(
    'Scan',
    [...states, ...inputs].map(({ name }) => name),
    {
      body: { kind: 'graph', value: body },
      num_scan_inputs: inputs.length,
      scan_input_directions: directions(inputs.length),
      scan_output_directions: directions(outputShapes.length),
    },
    { outputs: states.length + outputShapes.length },
  );
  return { states: names.slice(0, states.length), outputs: names.slice(states.length) };
}
