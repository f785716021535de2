/** An ONNX file that learns on. */
export interface ImportedSpec {
  readonly kind: 'imported';
  /** Bytes of the file. Its one input is what the data yield. */
  readonly onnx: Uint8Array;
  /**
   * `new` (default): a linear layer for what is to be learned takes the place of the file's last layer. `keep`: the last
   * layer stays, but for a softmax after it.
   */
  readonly head?: 'new' | 'keep';
  /** The tensor of the file to end at, where its last layer cannot be found. */
  readonly output?: string;
  /** Names of the file's weights that learn; `*` stands for anything. Default: all; with adapters none. */
  readonly trainable?: readonly string[];
  /** Low-rank adapters (Hu et al. 2021) on matrices and convolutions whose names fit one of the targets. */
  readonly lora?: { readonly rank: number; readonly alpha?: number; readonly targets?: readonly string[] };
}
