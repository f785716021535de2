import { elementCount } from '../dimension.ts';
import type { LossSpec } from '../losses/loss.ts';
import type { Target } from '../lowering/target.ts';
import { decodeModel } from '../onnx/decode.ts';
import { compileForward } from './forward.ts';
import { compileLayerStatistics } from './layer-statistics.ts';
import { sessionMemory } from './memory.ts';
import type { CompilableModel } from './model.ts';

/** Weights of a forward pass are constants: in the file, in the session, and packed for its kernels. */
const COPIES_OF_WEIGHTS = 4;

/**
 * The most that a run holds besides its steps: the evaluation at the end of an epoch and the graph that looks at the layers.
 *
 * @param evaluated samples of one forward pass
 * @param measured samples that the layers are looked at with; 0 if they are not
 */
export function estimateMemoryBesideSteps(
  model: CompilableModel,
  { loss, target }: { readonly loss: LossSpec; readonly target?: Target | undefined },
  {
    evaluated,
    measured,
    sizes,
  }: {
    readonly evaluated: number;
    readonly measured: number;
    readonly sizes?: Readonly<Record<string, number>> | undefined;
  },
): number {
  const lowering = target ? { target } : {};
  const weights = [...model.module.namedParameters(), ...model.module.namedBuffers()];
  const weightBytes = 4 * weights.reduce((sum, [, { shape }]) => sum + elementCount(shape), 0);
  const forward = decodeModel(compileForward(model, lowering).onnx).graph;
  const evaluation = COPIES_OF_WEIGHTS * weightBytes + sessionMemory(forward, { ...sizes, batch: evaluated });
  if (measured === 0) return evaluation;
  const statistics = decodeModel(compileLayerStatistics(model, { loss, ...lowering }).onnx).graph;
  return evaluation + sessionMemory(statistics, { ...sizes, batch: measured });
}
