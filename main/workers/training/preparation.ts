/** Makes inputs of a model of pictures. */
export interface Preparation {
  /** @param into room for one sample per item */
  prepare(items: ArrayLike<number>, into: Float32Array): Promise<void>;
  dispose(): Promise<void>;
}
