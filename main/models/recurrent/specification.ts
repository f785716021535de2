import type { RecurrentCell } from '../../graph/index.ts';

/** Recurrent layers over tokens or a series: to one class or number, to one class per step, or to a forecast. */
export interface RecurrentSpec {
  readonly kind: 'recurrent';
  /** `rnn` (Elman 1990), `lstm` (Hochreiter & Schmidhuber 1997) or `gru` (Cho et al. 2014). */
  readonly cell: RecurrentCell;
  /** Units per layer and direction. */
  readonly hidden: number;
  readonly layers?: number;
  readonly bidirectional?: boolean;
  /** Between the layers and before the output. */
  readonly dropout?: number;
  /** Width of the vectors that stand for tokens. Default: `hidden`. */
  readonly embedding?: number;
  /** What becomes the one output: the last state, or the mean over the steps. Default `last`. */
  readonly pooling?: 'last' | 'mean';
  /**
   * How a forecast is made: `direct`, all of it from the last state by one linear layer, or `recurrent`, step by step
   * by a second recurrence that starts from the states of the first (Sutskever et al. 2014). Default `direct`.
   */
  readonly decoder?: 'direct' | 'recurrent';
}

/**
 * Source tokens in `x`, target tokens in the input `target` int64 [batch, length] → logits of the next target. The states
 * of the decoder attend to those of the encoder (Luong et al. 2015, global attention, general score, no input feeding).
 */
export interface RecurrentEncoderDecoderSpec {
  readonly kind: 'recurrent_encoder_decoder';
  readonly cell: RecurrentCell;
  /** Units per layer of the decoder, and per layer and direction of the encoder. */
  readonly hidden: number;
  /** Of both. */
  readonly layers?: number;
  /** Whether the encoder reads the source from both ends. */
  readonly bidirectional?: boolean;
  /** Between the layers and before the output. */
  readonly dropout?: number;
  /** Width of the vectors that stand for tokens. Default: `hidden`. */
  readonly embedding?: number;
}
