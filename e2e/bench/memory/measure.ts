import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type * as ort from 'onnxruntime-node';
import type { CompilableModel, TrainStepOptions } from '../../../main/graph/index.ts';
import { compileForward, compileTrainStep, Module } from '../../../main/graph/index.ts';
import type { Plan } from './child.ts';

const CHILD = path.join(import.meta.dirname, 'child.ts');

class Nothing extends Module {
  readonly kind = 'Nothing';
  forward(x: Parameters<Module['forward']>[0]): ReturnType<Module['forward']> {
    return x;
  }
}

export interface MeasuredCase {
  readonly model: CompilableModel;
  readonly options: TrainStepOptions;
  /** Sizes of each data input, by name. */
  readonly dims: Readonly<Record<string, readonly number[]>>;
}

/** Peak resident bytes of a few training steps in a fresh process, above those of an empty session. */
export function measurePeak(
  { model, options, dims }: MeasuredCase,
  sessionOptions: ort.InferenceSession.SessionOptions = { enableMemPattern: false },
): number {
  const folder = mkdtempSync(path.join(tmpdir(), 'lightbench-memory-'));
  try {
    const [onnxPath, emptyPath] = [path.join(folder, 'step.onnx'), path.join(folder, 'empty.onnx')];
    const step = compileTrainStep(model, options);
    writeFileSync(onnxPath, step.onnx);
    writeFileSync(emptyPath, compileForward({ module: new Nothing(), inputShape: [] }).onnx);
    const state = new Set(step.state.map(({ name }) => name));
    const scalars = new Set(['learningRate', 'step', 'seed']);
    const plan: Plan = {
      emptyPath,
      onnxPath,
      steps: 5,
      threads: 2,
      options: sessionOptions,
      inputs: step.inputs
        .filter(({ name }) => !state.has(name) && !scalars.has(name))
        .map(({ name, dtype }) => ({ name, dtype, dims: dims[name] ?? [] })),
      state: step.state.map(({ name, outputName, shape }) => ({ name, outputName, dims: shape })),
    };
    const output = execFileSync(process.execPath, [CHILD, JSON.stringify(plan)], { encoding: 'utf8' });
    return (JSON.parse(output) as { readonly bytes: number }).bytes;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
