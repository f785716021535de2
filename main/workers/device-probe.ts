import { cpus } from 'node:os';
import {
  type CpuFeatures,
  type DeviceProbeResult,
  deviceProbeInput,
  NO_CPU_FEATURES,
} from '../contract/device-worker.ts';
import { cpuTarget, STANDARD } from '../graph/index.ts';
import {
  compiledProviders,
  type Execute,
  findBlockSize,
  nativeRuntime,
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
    const features = provider === 'cpu' && result.passed ? await provenFeatures(execute) : NO_CPU_FEATURES;
    if (provider === 'cpu') {
      details.blockSize = features.blockSize === null ? 'none' : String(features.blockSize);
      details.kernels = features.native ? (nativeRuntime()?.level() ?? 'none') : 'none';
    }
    return {
      present: true,
      reason: reasonOf(provider, result.passed, result.worst, result.maxRelativeError),
      selfTest: {
        ...result,
        maxRelativeError: Number.isFinite(result.maxRelativeError) ? result.maxRelativeError : null,
        durationMs: performance.now() - startedAt,
      },
      ...features,
      details,
    };
  } catch (error) {
    return absent(firstSentence(error), details);
  }
});

/** Fast convolutions and the addon must pass the same test as everything else before anybody trains with them. */
async function provenFeatures(execute: Execute): Promise<CpuFeatures> {
  const passes = async (features: CpuFeatures) => (await selfTest('cpu', cpuTarget(features), execute)).passed;
  const found = await findBlockSize(execute);
  const blockSize = found !== null && (await passes({ blockSize: found, native: false })) ? found : null;
  return { blockSize, native: nativeRuntime() !== null && (await passes({ blockSize, native: true })) };
}

function absent(reason: string, details: Record<string, string>): DeviceProbeResult {
  return { present: false, reason, selfTest: null, ...NO_CPU_FEATURES, details };
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
