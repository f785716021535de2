/** `generation.json` of a bundle whose model writes text: how it does, with the graph that it does it by. */
export interface GenerationDescription {
  /**
   * The file of a graph that takes token ids, int64 [1, n], and gives `probabilities` float32 [1, n, V] of what follows each.
   */
  readonly graph: string;
  /** Its input of token ids. */
  readonly input: string;
  /**
   * Inputs that hold keys and values of earlier tokens, the outputs that take their place, and their shapes before the first.
   * Without any, the graph reads everything again for each token, filled up to `length` with zeros.
   */
  readonly cache: readonly { readonly past: string; readonly present: string; readonly shape: readonly number[] }[];
  /** How far back the model looks, in tokens. */
  readonly length: number;
  readonly unit: 'words' | 'characters' | 'bytes';
  readonly lowercase: boolean;
  /** The token of each id, from the third id on: the first two are what fills up and what is unknown. */
  readonly vocabulary: readonly string[];
}

export const GENERATION = 'generation.json';
