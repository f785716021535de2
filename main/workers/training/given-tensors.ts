import { elementCount, type TensorSpec } from '../../graph/index.ts';
import { float32Tensor, floats, type RuntimeFeeds, type RuntimeTensor } from '../../runtime/index.ts';

/** The same numbers under the shapes that a graph declares: state that goes in parts. On a device, as they are. */
export function inShapesOf(specs: readonly TensorSpec[], tensors: RuntimeFeeds): Record<string, RuntimeTensor> {
  const shapes = new Map(specs.map(({ name, shape }) => [name, shape]));
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      const shape = shapes.get(name);
      if (shape === undefined || tensor.location !== 'cpu' || shape.join() === tensor.dims.join())
        return [name, tensor];
      return [
        name,
        float32Tensor(
          floats(tensor, name),
          shape.map((size) => elementCount([size])),
        ),
      ];
    }),
  );
}

/**
 * Places for the scalars among the outputs of a training step.
 *
 * @param given outputs that have a place already
 * @param steps in front of their shape, when there are several
 */
export function figureTensors(
  specs: readonly TensorSpec[],
  given: RuntimeFeeds,
  steps: readonly number[],
): Record<string, RuntimeTensor> {
  const count = elementCount(steps);
  return Object.fromEntries(
    specs.flatMap(({ name }) =>
      given[name] === undefined ? [[name, float32Tensor(new Float32Array(count), steps)]] : [],
    ),
  );
}
