// biome-ignore-all lint/style/useShorthandFunctionType: an interface of that name lets objects of a class be called
// biome-ignore-all lint/suspicious/noRedeclare: class and interface are one
/**
 * What a model file of a workspace, `models/<name>.ts`, can import. Shapes are written as in PyTorch; the first dimension is
 * the batch. A module is called like a function: `this.conv(x)`.
 */
declare module 'lightbench' {
  /** The size of a dimension; that of the batch is not known when a model is built and is written `'batch'`. */
  export type Dimension = number | string;
  export type Shape = readonly Dimension[];
  /** One number for both directions, or [height, width]. */
  export type Pair = number | readonly [number, number];

  /** A symbolic tensor: a place in the model with a shape, not numbers. */
  export class Tensor {
    private constructor();
    readonly shape: Shape;
    readonly dtype: 'float32' | 'int64' | 'bool' | 'float64' | 'float16' | 'int32' | 'uint32' | 'uint8' | 'string';
    /** The size of a dimension, counted from the end where negative. It throws for the batch. */
    size(dim: number): number;
  }

  // ---------------------------------------------------------------------------------------------- The file as a whole

  /** Pictures: `x` is [batch, channels, height, width]. */
  export interface ImageInput {
    readonly kind: 'image';
    readonly channels: number;
    readonly height: number;
    readonly width: number;
  }
  /** Rows of a table, prepared: `x` is [batch, features]. */
  export interface TableInput {
    readonly kind: 'table';
    readonly features: number;
  }
  /** Text: `x` is [batch, length] with ids (int64) below `vocabulary`; 0 is padding. */
  export interface TokensInput {
    readonly kind: 'tokens';
    readonly length: number;
    readonly vocabulary: number;
  }
  /** Windows of a series, oldest first: `x` is [batch, length, features]. */
  export interface SeriesInput {
    readonly kind: 'series';
    readonly length: number;
    readonly features: number;
  }

  /** The model gives logits [batch, classes]. */
  export interface ClassificationOutput {
    readonly kind: 'classification';
    readonly classes: number;
  }
  /** The model gives [batch, outputs]. */
  export interface RegressionOutput {
    readonly kind: 'regression';
    readonly outputs: number;
  }
  /** The model gives [batch, horizon, series]. */
  export interface ForecastOutput {
    readonly kind: 'forecast';
    readonly horizon: number;
    readonly series: number;
  }
  /** The model gives logits of the next token at each place, [batch, length, vocabulary]. */
  export interface TokensOutput {
    readonly kind: 'tokens';
    readonly vocabulary: number;
  }
  /** The model gives logits of each pixel, [batch, classes, height, width]. */
  export interface SegmentationOutput {
    readonly kind: 'segmentation';
    readonly classes: number;
  }

  /** What a model of each task takes and gives. */
  export interface Tasks {
    'image-classification': { readonly input: ImageInput; readonly output: ClassificationOutput };
    'image-segmentation': { readonly input: ImageInput; readonly output: SegmentationOutput };
    'table-classification': { readonly input: TableInput; readonly output: ClassificationOutput };
    'table-regression': { readonly input: TableInput; readonly output: RegressionOutput };
    'text-classification': { readonly input: TokensInput; readonly output: ClassificationOutput };
    'language-modeling': { readonly input: TokensInput; readonly output: TokensOutput };
    'series-forecasting': { readonly input: SeriesInput; readonly output: ForecastOutput };
  }

  export type Option = string | number | boolean | readonly Option[];
  /** `32` as the default of an option allows any number. */
  type Widened<Value> = Value extends number
    ? number
    : Value extends string
      ? string
      : Value extends boolean
        ? boolean
        : Value;

  export interface Definition<Task extends keyof Tasks, Options extends Readonly<Record<string, Option>>> {
    /** The task, or several, that the model is made for. */
    readonly task: Task | readonly Task[];
    /** Options with their defaults; `model.options` of a run's config changes them. */
    readonly options?: Options;
    /** Makes the model for the data of a run: a module, or a function of the input. It is a pure function: the same data and options, the same model. */
    readonly build: (given: {
      readonly input: Tasks[Task]['input'];
      readonly output: Tasks[Task]['output'];
      readonly options: { readonly [Name in keyof Options]: Widened<Options[Name]> };
    }) => (x: Tensor) => Tensor;
  }

  /** What a model file ends in: `export default defineModel({ task, options, build })`. */
  export function defineModel<
    Task extends keyof Tasks,
    Options extends Readonly<Record<string, Option>> = Readonly<Record<string, never>>,
  >(definition: Definition<Task, Options>): unknown;

  // ---------------------------------------------------------------------------------------------- Modules

  /**
   * A part of a model, after torch.nn.Module: make layers in the constructor, keep them as properties, use them in
   * `forward`. Weights are named by the properties that lead to them, such as `blocks.0.conv.weight`; lists count.
   */
  export abstract class Module<Result = Tensor> {
    constructor();
    abstract forward(x: Tensor, ...more: never[]): Result;
  }
  export interface Module<Result = Tensor> {
    /** `module(x)` runs `forward(x)` and shows the module in the view of the architecture. */
    (x: Tensor, ...more: readonly Tensor[]): Result;
  }

  /** Runs modules one after the other. */
  export class Sequential extends Module {
    constructor(...layers: readonly Module[]);
    forward(x: Tensor): Tensor;
  }

  /**
   * A tensor that is learned, whatever the input. Use it in place of a tensor: `add(x, this.positions)`.
   * @param start what it begins with; default normally distributed with a deviation of 0.02
   */
  export class Parameter extends Module {
    constructor(
      shape: readonly number[],
      start?:
        | { readonly kind: 'constant'; readonly value: number }
        | { readonly kind: 'uniform'; readonly bound: number }
        | { readonly kind: 'normal'; readonly deviation: number },
    );
    forward(): Tensor;
  }
  export interface Parameter {
    (): Tensor;
  }

  /** y = x·Wᵀ + b over the last dimension. */
  export class Linear extends Module {
    constructor(inFeatures: number, outFeatures: number, options?: { readonly bias?: boolean });
    forward(x: Tensor): Tensor;
  }

  export interface ConvolutionOptions {
    /** Default 1. */
    readonly stride?: Pair;
    /** Zeros on each side, default 0. `'same'` keeps the size at stride 1 and odd kernels. */
    readonly padding?: Pair | 'same';
    /** Default 1. */
    readonly dilation?: Pair;
    /** Default 1; as many as channels is a depthwise convolution. */
    readonly groups?: number;
    /** Default true. */
    readonly bias?: boolean;
  }
  /** Convolution of [batch, channels, height, width]. */
  export class Conv2d extends Module {
    constructor(inChannels: number, outChannels: number, kernelSize: Pair, options?: ConvolutionOptions);
    forward(x: Tensor): Tensor;
  }
  /** The adjoint of a convolution: pictures grow. `outputPadding` adds rows and columns at the end, fewer than the stride. */
  export class ConvTranspose2d extends Module {
    constructor(
      inChannels: number,
      outChannels: number,
      kernelSize: Pair,
      options?: ConvolutionOptions & { readonly outputPadding?: Pair },
    );
    forward(x: Tensor): Tensor;
  }

  export interface BatchNormOptions {
    /** Default 1e-5. */
    readonly epsilon?: number;
    /** Share of a new batch in the running statistics, default 0.1. */
    readonly momentum?: number;
  }
  /** Normalises features of [batch, features] over the batch (Ioffe & Szegedy 2015). */
  export class BatchNorm1d extends Module {
    constructor(features: number, options?: BatchNormOptions);
    forward(x: Tensor): Tensor;
  }
  /** Normalises channels of [batch, channels, height, width] over batch and places (Ioffe & Szegedy 2015). */
  export class BatchNorm2d extends Module {
    constructor(features: number, options?: BatchNormOptions);
    forward(x: Tensor): Tensor;
  }
  /** Normalises over the last dimensions, which have these sizes (Ba et al. 2016). */
  export class LayerNorm extends Module {
    constructor(normalizedShape: number | readonly number[], options?: { readonly epsilon?: number });
    forward(x: Tensor): Tensor;
  }
  /** Normalises groups of channels of each picture by themselves (Wu & He 2018). */
  export class GroupNorm extends Module {
    constructor(groups: number, channels: number, options?: { readonly epsilon?: number });
    forward(x: Tensor): Tensor;
  }
  /** Divides by the root mean square over the last dimension (Zhang & Sennrich 2019). */
  export class RMSNorm extends Module {
    constructor(features: number);
    forward(x: Tensor): Tensor;
  }

  /** In training, zeroes each element with this probability (default 0.5) and scales the rest up. */
  export class Dropout extends Module {
    constructor(probability?: number);
    forward(x: Tensor): Tensor;
  }
  /** In training, leaves out whole samples with this probability; at the end of a residual branch (Huang et al. 2016). */
  export class StochasticDepth extends Module {
    constructor(probability: number);
    forward(x: Tensor): Tensor;
  }

  export class ReLU extends Module {
    forward(x: Tensor): Tensor;
  }
  /** min(max(x, 0), 6) */
  export class ReLU6 extends Module {
    forward(x: Tensor): Tensor;
  }
  /** x above 0, 0.01·x below. */
  export class LeakyReLU extends Module {
    forward(x: Tensor): Tensor;
  }
  export class ELU extends Module {
    forward(x: Tensor): Tensor;
  }
  /** x·Φ(x), exact. */
  export class GELU extends Module {
    forward(x: Tensor): Tensor;
  }
  /** x·sigmoid(x) */
  export class SiLU extends Module {
    forward(x: Tensor): Tensor;
  }
  export class Hardswish extends Module {
    forward(x: Tensor): Tensor;
  }
  export class Tanh extends Module {
    forward(x: Tensor): Tensor;
  }
  export class Sigmoid extends Module {
    forward(x: Tensor): Tensor;
  }

  export interface PoolOptions {
    /** Default: the size of the kernel. */
    readonly stride?: Pair;
    /** Default 0. */
    readonly padding?: Pair;
  }
  export class MaxPool2d extends Module {
    constructor(kernelSize: Pair, options?: PoolOptions);
    forward(x: Tensor): Tensor;
  }
  export class AvgPool2d extends Module {
    constructor(kernelSize: Pair, options?: PoolOptions);
    forward(x: Tensor): Tensor;
  }
  /** Averages to this size, whatever the size of the picture. */
  export class AdaptiveAvgPool2d extends Module {
    constructor(outputSize: Pair);
    forward(x: Tensor): Tensor;
  }
  /** [batch, channels, height, width] → [batch, channels]. */
  export class GlobalAvgPool2d extends Module {
    forward(x: Tensor): Tensor;
  }
  /** Makes pictures larger by a whole factor. Default nearest. */
  export class Upsample extends Module {
    constructor(scaleFactor: number, options?: { readonly mode?: 'nearest' | 'bilinear' });
    forward(x: Tensor): Tensor;
  }
  /** [batch, …] → [batch, product of the rest]. */
  export class Flatten extends Module {
    forward(x: Tensor): Tensor;
  }
  /** Weighs channels by what the whole picture holds (Hu et al. 2018). */
  export class SqueezeExcitation extends Module {
    constructor(channels: number, squeezedChannels: number);
    forward(x: Tensor): Tensor;
  }

  /**
   * A learned vector per id: int64 [batch, length] → [batch, length, width]. The vector of the id `padding` does not learn;
   * `deviation` is that of the starting values, default 1.
   */
  export class Embedding extends Module {
    constructor(
      vocabulary: number,
      width: number,
      options?: { readonly padding?: number; readonly deviation?: number },
    );
    forward(ids: Tensor): Tensor;
  }

  export interface RecurrentOptions {
    /** Default 1. */
    readonly layers?: number;
    /** Reads the sequence from both ends. */
    readonly bidirectional?: boolean;
    /** Between the layers. */
    readonly dropout?: number;
    /** Default true. */
    readonly bias?: boolean;
  }
  export interface RecurrentContext {
    /** How many steps of each sequence are no padding, int64 [batch]. */
    readonly lengths?: Tensor;
  }
  export interface RecurrentResult {
    /** All steps of the last layer, [batch, length, hiddenSize × directions]. */
    readonly output: Tensor;
    /** Its last hidden state, [batch, hiddenSize × directions]. */
    readonly last: Tensor;
  }
  /** Elman network over [batch, length, inputSize]. `lengths` says how many steps of each sequence are no padding. */
  export class RNN extends Module<RecurrentResult> {
    constructor(inputSize: number, hiddenSize: number, options?: RecurrentOptions);
    forward(x: Tensor, context?: RecurrentContext): RecurrentResult;
  }
  export interface RNN {
    (x: Tensor, context?: RecurrentContext): RecurrentResult;
  }
  /** Long short-term memory (Hochreiter & Schmidhuber 1997) over [batch, length, inputSize]. */
  export class LSTM extends Module<RecurrentResult> {
    constructor(inputSize: number, hiddenSize: number, options?: RecurrentOptions);
    forward(x: Tensor, context?: RecurrentContext): RecurrentResult;
  }
  export interface LSTM {
    (x: Tensor, context?: RecurrentContext): RecurrentResult;
  }
  /** Gated recurrent unit (Cho et al. 2014) over [batch, length, inputSize]. */
  export class GRU extends Module<RecurrentResult> {
    constructor(inputSize: number, hiddenSize: number, options?: RecurrentOptions);
    forward(x: Tensor, context?: RecurrentContext): RecurrentResult;
  }
  export interface GRU {
    (x: Tensor, context?: RecurrentContext): RecurrentResult;
  }

  export interface AttentionContext {
    /** Added to the scores, such as what `paddingMask` gives. */
    readonly mask?: Tensor;
    /** Nobody looks ahead. */
    readonly causal?: boolean;
  }
  /**
   * Multi-head attention (Vaswani et al. 2017) over [batch, length, embedDim]. Keys and values come from `memory`, or from
   * the input itself.
   */
  export class MultiheadAttention extends Module {
    constructor(embedDim: number, heads: number, options?: { readonly dropout?: number; readonly bias?: boolean });
    forward(x: Tensor, context?: AttentionContext & { readonly memory?: Tensor }): Tensor;
  }
  export interface MultiheadAttention {
    (x: Tensor, context?: AttentionContext & { readonly memory?: Tensor }): Tensor;
  }
  /** Self-attention and a feed-forward network, each with a norm and a residual, over [batch, length, embedDim]. */
  export class TransformerEncoderLayer extends Module {
    constructor(
      embedDim: number,
      heads: number,
      options?: {
        /** Units between the two linear layers; default four times embedDim. */
        readonly feedForward?: number;
        /** Default gelu. */
        readonly activation?: 'relu' | 'gelu' | 'silu';
        readonly dropout?: number;
        /** Norms before each part (default), or after each sum. */
        readonly order?: 'pre' | 'post';
        readonly normalization?: 'layer' | 'rms';
      },
    );
    forward(x: Tensor, context?: AttentionContext): Tensor;
  }
  export interface TransformerEncoderLayer {
    (x: Tensor, context?: AttentionContext): Tensor;
  }

  // ---------------------------------------------------------------------------------------------- Functions

  /** What stands where a tensor is computed with: a tensor, something learned, or a number. */
  export type Operand = Tensor | Parameter | number;

  export function relu(x: Operand): Tensor;
  export function gelu(x: Operand): Tensor;
  export function silu(x: Operand): Tensor;
  export function sigmoid(x: Operand): Tensor;
  export function tanh(x: Operand): Tensor;
  export function exp(x: Operand): Tensor;
  export function log(x: Operand): Tensor;
  export function sqrt(x: Operand): Tensor;
  export function abs(x: Operand): Tensor;
  export function neg(x: Operand): Tensor;
  /** The same numbers; no gradient flows back through them. */
  export function detach(x: Operand): Tensor;

  /** Shapes are broadcast, as in all functions of two operands. */
  export function add(left: Operand, right: Operand): Tensor;
  export function sub(left: Operand, right: Operand): Tensor;
  export function mul(left: Operand, right: Operand): Tensor;
  export function div(left: Operand, right: Operand): Tensor;
  export function pow(left: Operand, right: Operand): Tensor;
  export function maximum(left: Operand, right: Operand): Tensor;
  export function minimum(left: Operand, right: Operand): Tensor;
  /** Product of matrices in the last two dimensions. */
  export function matmul(left: Operand, right: Operand): Tensor;

  /** Default: over the last dimension. */
  export function softmax(x: Operand, dim?: number): Tensor;
  export function logSoftmax(x: Operand, dim?: number): Tensor;

  export interface ReductionOptions {
    /** Keeps what is reduced as dimensions of size 1. */
    readonly keepdim?: boolean;
  }
  /** Over one dimension, several, or (without `dim`) all. */
  export function sum(x: Operand, dim?: number | readonly number[], options?: ReductionOptions): Tensor;
  export function mean(x: Operand, dim?: number | readonly number[], options?: ReductionOptions): Tensor;

  /** The same numbers in another shape; −1 stands for what the other sizes leave. Begin with `x.shape[0]`, the batch. */
  export function reshape(x: Operand, shape: readonly Dimension[]): Tensor;
  /** Joins the dimensions from `startDim` (default 1) on. */
  export function flatten(x: Operand, startDim?: number): Tensor;
  /** Leaves out a dimension of size 1. */
  export function squeeze(x: Operand, dim: number): Tensor;
  /** Puts in a dimension of size 1. */
  export function unsqueeze(x: Operand, dim: number): Tensor;
  /** Dimensions in another order. */
  export function permute(x: Operand, dims: readonly number[]): Tensor;
  /** Swaps two dimensions. */
  export function transpose(x: Operand, dim0: number, dim1: number): Tensor;
  /** Tensors one after the other along a dimension, default 1. */
  export function cat(tensors: readonly Operand[], dim?: number): Tensor;
  /** Tensors of one shape along a new dimension, default 1. */
  export function stack(tensors: readonly Operand[], dim?: number): Tensor;
  /** `length` places of a dimension from `start` on. */
  export function narrow(x: Operand, dim: number, start: number, length: number): Tensor;
  /** Equal parts along a dimension, default 1. */
  export function chunk(x: Operand, chunks: number, dim?: number): Tensor[];
  /** Repeats a tensor to the shape of another. */
  export function expandAs(x: Operand, like: Tensor): Tensor;

  /** How many tokens of each text are no padding (at least 1), int64 [batch]; for recurrent layers and `sequenceMean`. */
  export function sequenceLengths(tokens: Tensor, options?: { readonly padding?: number }): Tensor;
  /** What hides padding from attention, [batch, 1, 1, length]. */
  export function paddingMask(tokens: Tensor, options?: { readonly padding?: number }): Tensor;
  /** The mean over the steps that count, [batch, length, features] → [batch, features]. */
  export function sequenceMean(x: Tensor, lengths?: Tensor): Tensor;

  /** Adds a number to the training loss; with a name it becomes a metric of the run. It does nothing outside of training. */
  export function addLoss(loss: Tensor, name?: string): void;
}
