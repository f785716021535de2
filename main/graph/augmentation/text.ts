import { cast } from '../expression.ts';
import type { Tensor } from '../tensor.ts';
import type { RandomDraws } from './random-draws.ts';
import type { TextAugmentation } from './specification.ts';

/** Token ids with some of them replaced by the mask (as in Devlin et al. 2019, without their random words). */
export function maskTokens(x: Tensor, { masking, maskId, paddingId }: TextAugmentation, draws: RandomDraws): Tensor {
  const { graph } = x;
  const id = (value: number): Tensor => graph.constant('int64', [], BigInt64Array.of(BigInt(value)));
  const stays = cast(graph.apply('Less', [graph.scalar(masking), draws.uniformLike(cast(x, 'float32'))]), 'bool');
  const masked = graph.apply('Select', [stays, x, id(maskId)]);
  if (paddingId === undefined) return masked;
  return graph.apply('Select', [graph.apply('Equal', [x, id(paddingId)]), x, masked]);
}
