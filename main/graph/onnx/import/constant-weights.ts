import type { OnnxModel, OnnxTensor } from '../model.ts';

/** Some exporters write weights as nodes of the operator Constant: here they become initializers like all others. */
export function constantsAsInitializers(model: OnnxModel): OnnxModel {
  const { graph } = model;
  const hoisted: OnnxTensor[] = [];
  const nodes = graph.nodes.filter(({ operator, domain, attributes, outputs }) => {
    const { value } = attributes;
    if (operator !== 'Constant' || domain !== '' || value?.kind !== 'tensor') return true;
    hoisted.push({ ...value.value, name: outputs[0] ?? '' });
    return false;
  });
  if (hoisted.length === 0) return model;
  return { ...model, graph: { ...graph, nodes, initializers: [...graph.initializers, ...hoisted] } };
}
