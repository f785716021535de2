/** Resident memory of this process, native allocations of ONNX Runtime included. */
export function residentBytes(): number {
  return process.memoryUsage.rss();
}

/** Memory that can be had without swapping: what the page cache would give back counts, a container's limit binds. */
export function availableBytes(): number {
  return process.availableMemory();
}
