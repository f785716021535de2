import type { Preprocessing } from '../../contract/checkpoint.ts';
import type { Column } from '../../contract/datasets.ts';
import type { Signature } from '../../contract/registry.ts';
import type { RunConfig } from '../../contract/run-config.ts';
import type { GenerationDescription } from '../../formats/bundle/generation.ts';

/** Numbers on their way into a session: what `main/runtime` makes a tensor of. Row-major. */
export interface TensorValue {
  readonly dtype: 'float32' | 'uint8' | 'int64' | 'int32' | 'string';
  readonly dims: readonly number[];
  readonly data: Float32Array | Uint8Array | BigInt64Array | Int32Array | readonly string[];
}

/**
 * The graph that the run was trained and validated with, lowered for this machine, its weights as inputs. It has the
 * same inputs and outputs by name as the shipping graph, so that parity is: feed both the same batch, compare.
 */
export interface ReferenceModel {
  readonly onnx: Uint8Array;
  /** Feeds that stay the same for every batch, by input name. */
  readonly weights: Readonly<Record<string, TensorValue>>;
  /** Of models that draw: how the graph, which takes `x` instead of the noise, is applied as the studio does. */
  readonly drawing?: { readonly kind: 'latent' } | { readonly kind: 'ddim'; readonly steps: number };
  /** How far answers may be apart, where rounding makes it more than usual. */
  readonly tolerance?: number;
}

/** How an item of a dataset becomes the inputs of a model: what was known when the model was trained. */
export interface InputLayout {
  /** The input that says what an item is; the others of the signature follow from it. */
  readonly input: Signature['inputs'][number];
  /** Tables: the columns in the order of the input. Empty for images, and for nodes that have no features. */
  readonly columns: readonly Column[];
  /** Series: the column that the rows of a table are ordered by; null for the order in which they stand. */
  readonly orderedBy?: string | null;
  /** Models of tokens: how text becomes the ids of the input, and ids the text of the answer; outside the graph. */
  readonly tokens?: Extract<Preprocessing, { kind: 'tokens' }>;
  /** Nodes: how many edges away what a node is told by ends. */
  readonly hops?: number;
  /** Models that draw: an item is the number that its noise follows from. */
  readonly drawing?: {
    /** That it is told; 0 for none. */
    readonly classes: number;
    /** What the studio's own samples are drawn with, by input. */
    readonly settings: Readonly<Record<string, number>>;
  };
}

/**
 * A trained model as it leaves the machine.
 *
 * Images: input `image` UINT8 [N, H, W, C], raw pixels, interleaved; H and W as the dataset has them, −1 where the graph
 * resizes.
 * Tables: input `table` FP32 [N, F], the raw columns of `columns` in order; a category is its index in `categories`, NaN
 * stands for a missing value.
 * Texts: input `text` BYTES [N], the raw texts of the one column.
 * Language models: input `tokens` INT64 [N, length], ids by `tokens` and by the metadata of the file. They write by
 * `generation`.
 * Sequence to sequence: the same of the source, and `sequences` INT64 [N, length] with `probabilities` FP32 [N, length] out,
 * written greedily by the graph itself.
 * Series: input `series` FP32 [N, length, F], raw values of `columns`, the oldest row first.
 * Graphs: inputs `nodes` FP32 [N, F], raw columns as of tables, or the number of the node alone where nodes have no features;
 * and `edges` INT64 [2, E], row numbers of `nodes`, from above to.
 * Models that draw: inputs `noise` FP32 [N, …], standard normal numbers; `label` INT64 [N] where they are told classes;
 * `temperature` or `guidance` FP32 [1]; `steps` INT64 [1] of DDIM. Outputs `output` FP32 [N, C, H, W] in 0 … 1 and `image` UINT8 [N, H, W, C].
 * Outputs otherwise: classification `probabilities` FP32 [N, K] and `output` FP32 [N, K], the logits; regression `output` FP32
 * [N, 1] and forecasting `output` FP32 [N, horizon, targets] in the units of the targets; metric
 * learning `embedding` FP32 [N, dimensions], rows of length 1.
 */
export interface ShippingModel {
  readonly runId: string;
  readonly checkpointDigest: string;
  readonly datasetDigest: string;
  readonly labelSetDigest: string | null;
  readonly codeVersion: string;
  readonly task: RunConfig['task'];
  readonly classes: readonly string[];
  /** The run's metrics with best.* and test.*. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Standard ONNX (default domain only), weights as constants, preprocessing inside, the batch size free. */
  readonly onnx: Uint8Array;
  readonly signature: Signature;
  /** Of a language model; `onnx` where it writes by another graph than `onnx` above. */
  readonly generation?: { readonly description: GenerationDescription; readonly onnx?: Uint8Array };
  /** What happens to an input before the first layer, one sentence each, for the model card. */
  readonly preprocessing: readonly string[];
  readonly layout: InputLayout;
  readonly parameters: number;
  readonly reference: ReferenceModel;
}

/** What the registry and the exporter take of the training domain. Pure: compiles, runs nothing. */
export interface Shipping {
  /**
   * The best checkpoint of a run that has one, as a model that can be registered.
   *
   * @throws LightbenchError record.not_found, run.wrong_state (no checkpoint yet), workspace.damaged
   */
  ship(runId: string): ShippingModel;
}
