import type { ActivationName } from '../activation-name.ts';

/**
 * Layers of message passing over `edges` (int64 [2, edges], from above to; both directions of an undirected edge, no loops).
 *
 * - `node`: [nodes, classes] logits; the last convolution yields them, as in Kipf and Welling (2017).
 * - `edge`: [pairs, classes] logits for the pairs of nodes in the further input `pairs` (int64 [2, pairs]).
 * - `graph`: [graphs, classes] logits; the further input `graphOf` (int64 [nodes]) says which graph a node belongs to.
 */
export interface GraphNetworkSpec {
  readonly kind: 'graph_network';
  readonly convolution: 'gcn' | 'sage' | 'gat';
  readonly hidden: readonly number[];
  readonly task?: 'node' | 'edge' | 'graph';
  /** Of `gat`: heads per hidden layer, put side by side, so that each has hidden / heads features. Default 4. */
  readonly heads?: number;
  /** Default `relu`. */
  readonly activation?: ActivationName;
  /** Before each convolution and the head. Default 0. */
  readonly dropout?: number;
  /** Of task `graph`. Default `mean`. */
  readonly pooling?: 'mean' | 'sum';
}
