import { z } from 'zod';
import { executionProvider, operatorFailure } from './devices.ts';

/** What the engine asks of the process that tries a device, and what it hears back. No door mounts these. */
/** What this machine's CPU computes by beside standard operators, as far as it passed the self-test; nothing elsewhere. */
export const cpuFeatures = z.object({
  /** Channels per block of the fast convolution layout. */
  blockSize: z.union([z.literal(8), z.literal(16)]).nullable(),
  /** Whether the operators of the addon are there. */
  native: z.boolean(),
});
export type CpuFeatures = z.infer<typeof cpuFeatures>;

export const NO_CPU_FEATURES: CpuFeatures = { blockSize: null, native: false };

export const deviceProbeInput = z.object({ provider: executionProvider, threads: z.int().min(1) });

export const deviceProbeResult = z.object({
  present: z.boolean(),
  reason: z.string(),
  selfTest: z
    .object({
      passed: z.boolean(),
      maxRelativeError: z.number().nullable(),
      worst: z.string(),
      tolerance: z.number(),
      durationMs: z.number(),
    })
    .nullable(),
  ...cpuFeatures.shape,
  details: z.record(z.string(), z.string()),
});
export type DeviceProbeResult = z.infer<typeof deviceProbeResult>;

export const deviceTestInput = deviceProbeInput.extend({
  ...cpuFeatures.shape,
  /** The identity that results are known for: nothing is run if it is still the same. */
  known: z.string().nullable(),
  /** Names of the cases that an earlier process did not survive. */
  deadly: z.array(z.string()),
});

export const deviceTestMessage = z.object({
  type: z.literal('case'),
  name: z.string(),
  done: z.int(),
  total: z.int(),
});

export const deviceTestResult = z.object({
  /** Of the device, its driver, the runtime and the graphs. */
  identity: z.string(),
  /** Null: the identity is the known one. */
  tested: z
    .object({ operators: z.array(z.string()), failures: z.array(operatorFailure), durationMs: z.number() })
    .nullable(),
});
export type DeviceTestResult = z.infer<typeof deviceTestResult>;
