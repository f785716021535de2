import type { Module as GraphModule } from '../../../graph/index.ts';
import type { LayerSettings } from '../program.ts';

interface LayerParts {
  readonly settings: LayerSettings;
  readonly built: GraphModule;
}

/** Out of reach of the file: from the compiler's objects it could get at what takes memory outside of its limits. */
const known = new WeakMap<object, LayerParts>();

export function keepParts(layer: object, parts: LayerParts): void {
  known.set(layer, parts);
}

export function partsOf(layer: object): LayerParts {
  return known.get(layer) as LayerParts;
}
