import { sameShape } from '../dimension.ts';
import type { Node, Tensor } from '../tensor.ts';
import { countUses } from './dead-nodes.ts';

/**
 * What ONNX Runtime's blocked convolution computes in its last pass over the output becomes part of the convolution, where
 * nobody else reads what lies between:
 *
 * - Conv + Add (a residual) and Conv + Relu become one Conv with a fourth input or an `activation`.
 * - The same for batch norm, which ends in a depthwise convolution.
 * - ConvInputGradient + Add (what arrives by another path) becomes one with a fourth input, LayerNormGradient + Add one with
 *   a sixth, which the addon adds in its last pass.
 * - The input gradients of a 3 x 3 convolution at stride 2 and of the 1 x 1 shortcut beside it become one with the
 *   shortcut's gradient and weight as fifth and sixth input.
 */
export function fuseConvolutions(nodes: readonly Node[], outputs: readonly Tensor[]): readonly Node[] {
  const readers = countUses(nodes, outputs);
  const makers = new Map<number, Node>();
  const replaced = new Set<Node>();
  const fused: Node[] = [];
  for (const node of nodes) {
    const absorption = absorb(node, (tensor) => (readers.get(tensor.id) === 1 ? makers.get(tensor.id) : undefined));
    for (const old of absorption?.replaced ?? []) replaced.add(old);
    const result = absorption?.replacement ?? node;
    for (const output of result.outputs) makers.set(output.id, result);
    fused.push(result);
  }
  return inOrder(fused.filter((node) => !replaced.has(node)));
}

/** A fused node stands where the last of its parts stood: readers of its other outputs move behind it. */
function inOrder(nodes: readonly Node[]): readonly Node[] {
  const missing = new Set(nodes.flatMap(({ outputs }) => outputs.map(({ id }) => id)));
  const ordered: Node[] = [];
  let waiting: Node[] = [];
  const isReady = (node: Node): boolean => node.inputs.every((input) => !input || !missing.has(input.id));
  const place = (node: Node): void => {
    ordered.push(node);
    for (const output of node.outputs) missing.delete(output.id);
  };
  for (const node of nodes) {
    if (!isReady(node)) {
      waiting.push(node);
      continue;
    }
    place(node);
    // Those behind the first one that still waits may depend on it, so each is asked in turn.
    waiting = waiting.filter((other) => {
      if (!isReady(other)) return true;
      place(other);
      return false;
    });
  }
  return ordered;
}

interface Absorption {
  readonly replaced: readonly Node[];
  readonly replacement: Node;
}

/** Where an operator takes what is added to its first output. */
const RESIDUAL: Readonly<Record<string, number>> = {
  Conv: 3,
  BatchNormTrain: 3,
  ConvInputGradient: 3,
  LayerNormGradient: 5,
};
const RECTIFIABLE: ReadonlySet<string> = new Set(['Conv', 'BatchNormTrain']);

/** What the node and the one before it become, if they can be one. */
function absorb(node: Node, onlyMakerOf: (tensor: Tensor) => Node | undefined): Absorption | undefined {
  if (node.operator === 'Relu') {
    const maker = node.inputs[0] && onlyMakerOf(node.inputs[0]);
    if (!maker || !RECTIFIABLE.has(maker.operator) || maker.attributes.activation) return undefined;
    if (maker.outputs[0] !== node.inputs[0]) return undefined;
    const attributes = { ...maker.attributes, activation: 'Relu' };
    return { replaced: [maker], replacement: withOutput({ ...maker, attributes }, node) };
  }
  if (node.operator !== 'Add') return undefined;
  const [left, right] = node.inputs;
  if (!left || !right || left === right || !sameShape(left.shape, right.shape)) return undefined;
  const pairs = [
    [left, right],
    [right, left],
  ] as const;
  for (const [own, other] of pairs) {
    const [main, shortcut] = [onlyMakerOf(own), onlyMakerOf(other)];
    if (main && shortcut && isHalving(main, 3) && isHalving(shortcut, 1)) {
      const inputs = [...main.inputs.slice(0, 2), undefined, undefined, ...shortcut.inputs.slice(0, 2)];
      return { replaced: [main, shortcut], replacement: withOutput({ ...main, inputs }, node) };
    }
  }
  for (const [own, other] of pairs) {
    const maker = onlyMakerOf(own);
    const place = maker && RESIDUAL[maker.operator];
    if (!maker || place === undefined || maker.outputs[0] !== own) continue;
    if (maker.inputs.length > place || maker.attributes.activation) continue;
    if (maker.operator === 'ConvInputGradient' && !isUnit(maker)) continue;
    const inputs = [...maker.inputs, ...Array(place - maker.inputs.length).fill(undefined), other];
    return { replaced: [maker], replacement: withOutput({ ...maker, inputs }, node) };
  }
  return undefined;
}

/** The maker with the reader's output in place of its own first one. */
const withOutput = (maker: Node, reader: Node): Node => ({
  ...maker,
  outputs: [...reader.outputs, ...maker.outputs.slice(1)],
});

const isUnit = ({ attributes }: Node): boolean => (attributes.strides as readonly number[]).every((s) => s === 1);

/** An input gradient of a square kernel at stride 2, padded to halve the image, that nothing was added to. */
function isHalving({ operator, attributes, inputs, outputs }: Node, kernel: number): boolean {
  if (operator !== 'ConvInputGradient' || inputs.length > 2 || attributes.groups !== 1) return false;
  const all = (name: string, size: number): boolean =>
    (attributes[name] as readonly number[]).every((value) => value === size);
  const even = outputs[0]?.shape.slice(2).every((size) => Number(size) % 2 === 0) ?? false;
  const pad = (kernel - 1) / 2;
  return even && all('kernel', kernel) && all('strides', 2) && all('pads', pad) && all('dilations', 1);
}
