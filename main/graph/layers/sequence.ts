import { cast, divide, maximum, multiply, reduceMean, reduceSum, reshape, subtract } from '../expression.ts';
import type { Tensor } from '../tensor.ts';

/** Steps before the padding at the end of each sequence of ids [B, T], at least 1: int64 [B]. */
export function sequenceLengths(ids: Tensor, padding: number): Tensor {
  const isPadding = ids.graph.apply('EqualsId', [ids], { id: padding });
  const one = ids.graph.scalar(1);
  return cast(maximum(reduceSum(subtract(one, isPadding), [1]), one), 'int64');
}

/** 1 for the steps that count and 0 for padding, [B, T], of x [B, T, …]. */
export function validSteps(x: Tensor, lengths: Tensor): Tensor {
  const [batch = 1, steps = 1] = x.shape;
  const places = Float32Array.from({ length: Number(steps) }, (_, index) => index);
  const place = x.graph.constant('float32', [1, Number(steps)], places);
  return x.graph.apply('Less', [place, reshape(cast(lengths, 'float32'), [batch, 1])]);
}

/** The mean over the steps that count, [B, T, F] → [B, F]. */
export function sequenceMean(x: Tensor, lengths?: Tensor): Tensor {
  if (!lengths) return reduceMean(x, [1]);
  const [batch = 1, steps = 1] = x.shape;
  const valid = reshape(validSteps(x, lengths), [batch, steps, 1]);
  return divide(reduceSum(multiply(x, valid), [1]), reshape(cast(lengths, 'float32'), [batch, 1]));
}
