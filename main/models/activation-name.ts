/** Activations of hidden layers, by the names that specs use. */
export type ActivationName =
  | 'relu'
  | 'gelu'
  | 'silu'
  | 'tanh'
  | 'sigmoid'
  | 'relu6'
  | 'hard_swish'
  | 'leaky_relu'
  | 'elu';
