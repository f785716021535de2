import {
  elementCount,
  GraphError,
  type Module,
  MultiHeadAttention,
  Recurrent,
  runAs,
  type Tensor,
  type Trace,
  TransformerEncoderLayer,
} from '../../graph/index.ts';
import { LearnedTensor } from './layers.ts';
import type { LayerSettings } from './program.ts';

/** Of one sample. */
const MOST_ELEMENTS = 2 ** 28;

/** @throws GraphError for tensors that no machine here will hold */
export function checkSize({ shape }: Tensor): void {
  if (elementCount(shape) > MOST_ELEMENTS)
    throw new GraphError('shape-mismatch', `A tensor of [${shape}] is too large to compute with.`);
}

/** What a layer is given besides its input. */
export interface LayerContext {
  readonly memory?: Tensor | undefined;
  readonly mask?: Tensor | undefined;
  readonly lengths?: Tensor | undefined;
  readonly causal?: boolean | undefined;
}

/** Runs one layer of a program under a name; recurrent ones give all their steps, then the last. */
export function playLayer(
  trace: Trace,
  name: string,
  settings: LayerSettings,
  module: Module,
  x: Tensor,
  { memory, mask, lengths, causal }: LayerContext,
): readonly Tensor[] {
  if (module instanceof LearnedTensor) return [module.forward(x, trace)];
  if (module instanceof Recurrent) {
    const directions = 'bidirectional' in settings && settings.bidirectional ? 2 : 1;
    let last: readonly Tensor[] = [];
    const unroll = runAs(module, (value) => {
      const result = module.unroll(value, trace, lengths ? { lengths } : {});
      last = result.last.slice(-directions).map(([hidden]) => hidden as Tensor);
      return result.output;
    });
    const output = trace.run(name, unroll, x);
    return [output, ...(last.length < 2 ? last : [x.graph.apply('Concat', last, { axis: 1 })])];
  }
  if (module instanceof MultiHeadAttention || module instanceof TransformerEncoderLayer) {
    const context = {
      ...(memory ? { memory } : {}),
      ...(mask ? { mask } : {}),
      ...(causal ? { causal: x.graph.apply('Positions', [x]) } : {}),
    };
    const attend = runAs(module, (value) => module.attend(value, trace, context));
    return [trace.run(name, attend, x)];
  }
  return [trace.run(name, module, x)];
}
