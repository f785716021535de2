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
