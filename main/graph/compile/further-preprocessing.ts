import { divide, subtract } from '../expression.ts';
import { GraphError } from '../graph-error.ts';
import type { Tensor } from '../tensor.ts';
import { convertChannels, type PreprocessingSpec, tableFeatures } from './preprocessing.ts';

type ImageSpec = Extract<PreprocessingSpec, { kind: 'image' }>;

/**
 * What a model of its own preprocessing takes, out of data that were hardly prepared: pictures in 0 … 1 at their own size
 * (`common`: mean 0, deviation 1), or raw columns. So several models in one graph can read the same input.
 * @param places tables: which of the raw columns are those of `own`, in order
 */
export function prepareFurther(
  x: Tensor,
  common: PreprocessingSpec,
  own: PreprocessingSpec,
  places: readonly number[],
): Tensor {
  if (common.kind === 'table' && own.kind === 'table') return tableFeatures(columnsAt(x, places), own.columns);
  if (common.kind === 'image' && own.kind === 'image') return pictureOf(x, common, own);
  throw new GraphError('unsupported', `What is prepared as ${common.kind} cannot become what ${own.kind} asks for.`);
}

function columnsAt(x: Tensor, places: readonly number[]): Tensor {
  const inOrder = places.length === x.shape[1] && places.every((place, index) => place === index);
  if (inOrder) return x;
  const parts = places.map((start) => x.graph.apply('Slice', [x], { axis: 1, start, size: 1 }));
  return parts.length === 1 ? (parts[0] as Tensor) : x.graph.apply('Concat', parts, { axis: 1 });
}

/** As `compilePreprocessing` does it, but for the range, which is that of `common` already. */
function pictureOf(x: Tensor, common: ImageSpec, { channels, height, width, mean, deviation }: ImageSpec): Tensor {
  const resized =
    height === common.height && width === common.width
      ? x
      : x.graph.apply('Resize', [x], { height, width, antialias: true });
  const perChannel = (values: readonly number[]): Tensor =>
    x.graph.constant('float32', [1, channels, 1, 1], Float32Array.from(values));
  const coloured = convertChannels(resized, common.channels, channels);
  return divide(subtract(coloured, perChannel(mean)), perChannel(deviation));
}
