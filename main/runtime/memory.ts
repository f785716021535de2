import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';

/** Resident memory of this process, native allocations of ONNX Runtime included. */
export function residentBytes(): number {
  return process.memoryUsage.rss();
}

/**
 * Memory that a new process can have without swapping: MemAvailable on Linux (free memory there leaves out what the page
 * cache would give back), the limit of the control group when it is tighter, else what the system calls free.
 */
export function availableBytes(): number {
  const system = process.platform === 'linux' ? (memAvailable() ?? freemem()) : freemem();
  const constrained = process.constrainedMemory();
  if (constrained === 0 || constrained >= totalmem()) return system;
  return Math.min(system, process.availableMemory());
}

function memAvailable(): number | undefined {
  try {
    const line = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'));
    return line === null ? undefined : Number(line[1]) * 1024;
  } catch {
    return undefined;
  }
}
