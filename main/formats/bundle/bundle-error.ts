/** A folder that is no bundle, or not the one it was. */
export class BundleError extends Error {
  override readonly name = 'BundleError';
  readonly reason = 'damaged';
}
