import { cpus } from 'node:os';
import { type DeviceProbeResult, deviceProbeInput } from '../contract/device-worker.ts';
import { STANDARD } from '../graph/index.ts';
import {
  compiledProviders,
  type Execute,
  findBlockSize,
  type ProviderName,
  providers,
  RuntimeSession,
  runtimeVersion,
  selfTest,
} from '../runtime/index.ts';
import { runWorker } from './worker-channel.ts';

/** Tries one device in a process of its own: a driver that crashes takes nothing else along. */
runWorker(deviceProbeInput, async ({ provider, threads }): Promise<DeviceProbeResult> => {
  const details: Record<string, string> = { runtime: `ONNX Runtime ${runtimeVersion()}` };
  if (provider === 'cpu') details.processor = cpus()[0]?.model.trim() ?? 'unknown';
  const compiled = compiledProviders().get(provider);
  if (compiled === undefined)
    return absent(`ONNX Runtime for ${process.platform} comes without ${providers[provider].title}.`, details);
  details.bundled = compiled.bundled ? 'yes' : 'no';
  const execute: Execute = async (onnx, feeds) => {
    const session = await RuntimeSession.create(onnx, { provider, threads });
    try {
      return await session.run(feeds);
    } finally {
      await session.dispose();
    }
  };
  const startedAt = performance.now();
  try {
    const result = await selfTest(provider, STANDARD, execute);
    const blockSize = provider === 'cpu' && result.passed ? await provenBlockSize(execute) : null;
    if (provider === 'cpu') details.blockSize = blockSize === null ? 'none' : String(blockSize);
    return {
      present: true,
      reason: reasonOf(provider, result.passed, result.worst, result.maxRelativeError),
      selfTest: {
        ...result,
        maxRelativeError: Number.isFinite(result.maxRelativeError) ? result.maxRelativeError : null,
        durationMs: performance.now() - startedAt,
      },
      blockSize,
      details,
    };
  } catch (error) {
    return absent(firstSentence(error), details);
  }
});

/** The fast convolutions must pass the same test as everything else before anybody trains with them. */
async function provenBlockSize(execute: Execute): Promise<8 | 16 | null> {
  const blockSize = await findBlockSize(execute);
  if (blockSize === null) return null;
  const { passed } = await selfTest('cpu', { provider: 'cpu', blockSize }, execute);
  return passed ? blockSize : null;
}

function absent(reason: string, details: Record<string, string>): DeviceProbeResult {
  return { present: false, reason, selfTest: null, blockSize: null, details };
}

function reasonOf(provider: ProviderName, passed: boolean, worst: string, error: number): string {
  const figure = Number.isFinite(error) ? error.toExponential(1) : 'no number';
  return passed
    ? `The self-test agrees with reference values (largest relative error ${figure}).`
    : `The self-test of ${providers[provider].title} failed: ${worst} is off by a relative error of ${figure}.`;
}

/** What drivers and runtimes say when there is no such device, and what that means. */
const KNOWN_FAILURES: readonly (readonly [RegExp, string])[] = [
  [/WebGPU adapter/, 'No graphics device with a usable driver was found.'],
  [
    /Failed to load shared library/,
    'The libraries of the provider are not installed. For NVIDIA: node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install',
  ],
];

function firstSentence(error: unknown): string {
  const text = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').trim();
  const known = KNOWN_FAILURES.find(([pattern]) => pattern.test(text));
  return known?.[1] ?? `It could not be started: ${text.slice(0, 300)}`;
}
