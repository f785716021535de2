import type { TensorData } from '../data-type.ts';
import { sameShape } from '../dimension.ts';
import { GraphError } from '../graph-error.ts';
import type { OnnxAttribute, OnnxNode, OnnxTensor, OnnxValueInfo } from '../onnx/model.ts';
import type { Node, Tensor } from '../tensor.ts';
import type { Target } from './target.ts';

/**
 * Where a tensor's numbers lie: `plain` is row-major as its shape says; `blocked` is NCHWc, physically
 * [N, C / block, H, W, block], only for four-dimensional float32 tensors whose channels divide evenly.
 */
export type Layout = 'plain' | 'blocked';

/** Integers, lists of integers and texts may be written as they are; floats need `float(...)`. */
export type EmitAttribute = OnnxAttribute | number | string | readonly number[];

export interface EmitOptions {
  readonly domain?: string;
  readonly outputs?: number;
}

export const NCHWC_DOMAIN = 'com.microsoft.nchwc';
export const MICROSOFT_DOMAIN = 'com.microsoft';
/** Operators of the addon in `native/`, which only this machine's sessions know. */
export const NATIVE_DOMAIN = 'studio.lightbench';

export const float = (value: number): OnnxAttribute => ({ kind: 'float', value });

/** Collects the ONNX nodes that operators' lowering rules emit, and remembers where each tensor lies. */
export class Lowering {
  readonly target: Target;
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];
  readonly domains = new Set<string>(['']);
  /** Types of what the addon's operators compute, of which the runtime knows nothing itself. */
  readonly nativeValues: OnnxValueInfo[] = [];
  readonly #native = new Set<string>();
  readonly #names = new Map<string, string>();
  readonly #memo = new Map<string, readonly string[]>();
  /** Where each symbolic size can be read off: an axis of a graph input. */
  readonly #sizes = new Map<string, { readonly name: string; readonly axis: number }>();
  readonly #uses: ReadonlyMap<number, number>;
  #counter = 0;

  constructor(target: Target, uses: ReadonlyMap<number, number>) {
    this.target = target;
    this.#uses = uses;
  }

  /** How many operators and graph outputs read the tensor. */
  readerCount(tensor: Tensor): number {
    return this.#uses.get(tensor.id) ?? 0;
  }

  emitAll(
    operator: string,
    inputs: readonly (string | undefined)[],
    attributes: Readonly<Record<string, EmitAttribute>> = {},
    options: EmitOptions = {},
  ): readonly string[] {
    const serial = this.#counter++;
    const count = options.outputs ?? 1;
    const outputs = Array.from({ length: count }, (_, index) => `${operator}_${serial}${index ? `_${index}` : ''}`);
    const domain = options.domain ?? '';
    this.domains.add(domain);
    const encoded: Record<string, OnnxAttribute> = {};
    for (const [name, value] of Object.entries(attributes)) encoded[name] = toAttribute(value);
    const trimmed = [...inputs];
    while (trimmed.length > 0 && trimmed.at(-1) === undefined) trimmed.pop();
    this.nodes.push({
      operator,
      domain,
      name: `${operator}_${serial}`,
      inputs: trimmed.map((name) => name ?? ''),
      outputs,
      attributes: encoded,
    });
    return outputs;
  }

  emit(
    operator: string,
    inputs: readonly (string | undefined)[],
    attributes: Readonly<Record<string, EmitAttribute>> = {},
    options: EmitOptions = {},
  ): string {
    return this.emitAll(operator, inputs, attributes, options)[0] ?? '';
  }

  /** A name that nothing else has. */
  fresh(stem: string): string {
    return `${stem}_${this.#counter++}`;
  }

  /** Collects the nodes that `build` emits, for the body of a Loop or Scan. It must not `memo` what it emits. */
  nested<T>(build: () => T): { readonly nodes: readonly OnnxNode[]; readonly result: T } {
    const first = this.nodes.length;
    const result = build();
    return { nodes: this.nodes.splice(first), result };
  }

  /** Emits into ONNX Runtime's own domain of blocked operators. */
  emitBlocked(
    operator: string,
    inputs: readonly (string | undefined)[],
    attributes: Readonly<Record<string, EmitAttribute>> = {},
  ): string {
    return this.emit(operator, inputs, attributes, { domain: NCHWC_DOMAIN });
  }

  /** Emits into the domain of the addon in `native/`. */
  emitNative(
    operator: string,
    inputs: readonly (string | undefined)[],
    attributes: Readonly<Record<string, EmitAttribute>> = {},
    outputs = 1,
  ): readonly string[] {
    const names = this.emitAll(operator, inputs, attributes, { domain: NATIVE_DOMAIN, outputs });
    for (const name of names) this.#native.add(name);
    return names;
  }

  /** Runs `make` once per key: for values that several operators share, such as repacked weights. */
  memo(key: string, make: () => string): string {
    return this.memoAll(key, () => [make()])[0] as string;
  }

  /** As `memo`, for values that are made together. */
  memoAll(key: string, make: () => readonly string[]): readonly string[] {
    const existing = this.#memo.get(key);
    if (existing !== undefined) return existing;
    const names = make();
    this.#memo.set(key, names);
    return names;
  }

  /** @param label the name that it has in the file; equal constants without one are the same */
  constant(dtype: OnnxTensor['dtype'], dims: readonly number[], data: TensorData, label?: string): string {
    if (label !== undefined) {
      this.initializers.push({ name: label, dtype, dims, data });
      return label;
    }
    const make = (): string => {
      const name = `constant_${this.#counter++}`;
      this.initializers.push({ name, dtype, dims, data });
      return name;
    };
    return data.length <= 64 ? this.memo(`constant:${dtype}:${dims.join()}:${data.join()}`, make) : make();
  }

  int64s(values: readonly number[]): string {
    return this.constant(
      'int64',
      [values.length],
      BigInt64Array.from(values, (value) => BigInt(value)),
    );
  }

  scalar(value: number): string {
    return this.constant('float32', [], new Float32Array([value]));
  }

  /** Reshape where one size may be -1 (taken from the rest). */
  reshape(name: string, sizes: readonly number[]): string {
    return this.emit('Reshape', [name, this.int64s(sizes)]);
  }

  transpose(name: string, order: readonly number[]): string {
    return this.emit('Transpose', [name], { perm: order });
  }

  reduceSum(name: string, axes: readonly number[], keep: boolean): string {
    return this.emit('ReduceSum', [name, this.int64s(axes)], { keepdims: keep ? 1 : 0 });
  }

  define(tensor: Tensor | undefined, name: string, layout: Layout = 'plain'): void {
    if (!tensor) return;
    this.#names.set(`${tensor.id}:${layout}`, name);
    if (this.#native.delete(name)) this.nativeValues.push({ name, dtype: tensor.dtype, shape: tensor.shape });
    if (tensor.inputName === undefined) return;
    tensor.shape.forEach((size, axis) => {
      if (typeof size === 'string' && !this.#sizes.has(size)) this.#sizes.set(size, { name, axis });
    });
  }

  /** What a symbol such as `batch` stands for at run time, an int64 [1] read off a graph input; undefined if none has it. */
  symbolSize(symbol: string): string | undefined {
    const place = this.#sizes.get(symbol);
    if (!place) return undefined;
    return this.memo(`size:${symbol}`, () =>
      this.emit('Gather', [this.emit('Shape', [place.name]), this.int64s([place.axis])]),
    );
  }

  isBlocked(tensor: Tensor): boolean {
    return this.#names.has(`${tensor.id}:blocked`);
  }

  isPlain(tensor: Tensor): boolean {
    return tensor.data !== undefined || this.#names.has(`${tensor.id}:plain`);
  }

  /** Whether the tensor could lie blocked on this target. */
  canBlock(tensor: Pick<Tensor, 'dtype' | 'shape'>): boolean {
    const channels = tensor.shape[1];
    return (
      this.target.blockSize !== undefined &&
      tensor.dtype === 'float32' &&
      tensor.shape.length === 4 &&
      typeof channels === 'number' &&
      channels % this.target.blockSize === 0
    );
  }

  /** The tensor's ONNX name in row-major order, converting where needed (once). */
  plain(tensor: Tensor): string {
    const key = `${tensor.id}:plain`;
    const existing = this.#names.get(key);
    if (existing !== undefined) return existing;
    if (tensor.data) {
      const name = this.constant(tensor.dtype, tensor.shape.map(Number), tensor.data, tensor.constantName);
      this.#names.set(key, name);
      return name;
    }
    const blocked = this.#names.get(`${tensor.id}:blocked`);
    if (blocked === undefined) throw new GraphError('invalid-argument', 'A tensor is used before it is defined.');
    const name = isSinglePixel(tensor)
      ? blocked
      : this.emitBlocked('ReorderOutput', [blocked], { channels: Number(tensor.shape[1]) });
    this.#names.set(key, name);
    return name;
  }

  /** The tensor's ONNX name in NCHWc order, converting where needed (once). */
  blocked(tensor: Tensor): string {
    const key = `${tensor.id}:blocked`;
    const existing = this.#names.get(key);
    if (existing !== undefined) return existing;
    if (!this.canBlock(tensor)) throw new GraphError('invalid-argument', `[${tensor.shape}] cannot lie in blocks.`);
    const plain = this.plain(tensor);
    const name = isSinglePixel(tensor) ? plain : this.emitBlocked('ReorderInput', [plain]);
    this.#names.set(key, name);
    return name;
  }

  /**
   * Names of the inputs of an elementwise operator: all blocked if one of them already is and the others have the
   * same shape or are single values (one per image at most), all plain otherwise.
   */
  aligned(node: Node): { readonly layout: Layout; readonly names: readonly (string | undefined)[] } {
    const output = node.outputs[0];
    const tensors = node.inputs.filter((input) => input !== undefined);
    const full = output ? tensors.filter((input) => sameShape(input.shape, output.shape)) : [];
    const rest = tensors.filter((input) => !full.includes(input));
    const blocked =
      output !== undefined &&
      this.canBlock(output) &&
      full.some((input) => this.isBlocked(input)) &&
      rest.every((input) => input.shape.slice(-3).every((size) => size === 1)) &&
      full.every((input) => this.canBlock(input));
    const names = node.inputs.map((input) => {
      if (!input) return undefined;
      return blocked && full.includes(input) ? this.blocked(input) : this.plain(input);
    });
    return { layout: blocked ? 'blocked' : 'plain', names };
  }
}

/** A provider's rule that may decline (by returning false, having written nothing) before the standard one. */
export const orStandard =
  (special: (lowering: Lowering, node: Node) => boolean, standard: (lowering: Lowering, node: Node) => void) =>
  (lowering: Lowering, node: Node): void => {
    if (!special(lowering, node)) standard(lowering, node);
  };

/** With one pixel per channel both layouts are the same bytes. */
const isSinglePixel = (tensor: Tensor): boolean => tensor.shape[2] === 1 && tensor.shape[3] === 1;

function toAttribute(value: EmitAttribute): OnnxAttribute {
  if (typeof value === 'number') return { kind: 'int', value };
  if (typeof value === 'string') return { kind: 'string', value };
  if ('kind' in value) return value;
  return { kind: 'ints', value };
}
