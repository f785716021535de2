import { fileURLToPath } from 'node:url';
import { isMainThread, workerData } from 'node:worker_threads';
import { INFERENCE_THREAD } from './serving/thread-role.ts';

/**
 * One file, three parts: started by the engine it serves an endpoint and reports to it; started by a person
 * (`node model-server.mjs --bundle DIR`) it serves a bundle; started as a thread of itself it runs the model. Each loads
 * only what it needs.
 */
const PROGRAM_VERSION = '0.1.0';
const programPath = fileURLToPath(import.meta.url);

if (!isMainThread && workerData === INFERENCE_THREAD) {
  const { runInferenceThread } = await import('./serving/inference-thread.ts');
  runInferenceThread();
} else if (isMainThread && (process.send === undefined || process.argv.length > 2)) {
  // A process manager may have given it a channel as well; the engine gives it no arguments.
  const { serveFromCommandLine } = await import('./serving/command-line.ts');
  await serveFromCommandLine(programPath, PROGRAM_VERSION, process.argv.slice(2));
} else if (isMainThread) {
  const { serveForEngine } = await import('./serving/engine-worker.ts');
  serveForEngine(programPath, PROGRAM_VERSION);
}
