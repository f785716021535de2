/** Why the compiler refused. Stable: the engine maps each reason to an error code of the contract. */
export type GraphErrorReason =
  | 'shape-mismatch'
  | 'unknown-operator'
  | 'unsupported'
  | 'invalid-argument'
  | 'not-differentiable'
  | 'malformed-onnx';

export class GraphError extends Error {
  readonly reason: GraphErrorReason;

  constructor(reason: GraphErrorReason, message: string) {
    super(message);
    this.name = 'GraphError';
    this.reason = reason;
  }
}
