import { env } from 'onnxruntime-node';

/** Name and version of the runtime that computes, as certificates state it. */
export const runtimeVersion = `onnxruntime-node ${env.versions.node ?? env.versions.common}`;
