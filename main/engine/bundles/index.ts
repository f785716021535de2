export { type BundleRegistry, Bundles } from './bundles.ts';
export { type CurlLine, curlLines } from './curl-lines.ts';
export { INPUT_EXAMPLE } from './documents/index.ts';
