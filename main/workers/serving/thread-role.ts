/** `workerData` of the thread that runs a model, by which the program knows which of its parts it is. */
export const INFERENCE_THREAD = 'lightbench inference thread';
