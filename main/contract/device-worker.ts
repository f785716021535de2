import { z } from 'zod';
import { executionProvider } from './devices.ts';

/** What the engine asks of the process that tries a device, and what it hears back. No door mounts these. */
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
  /** CPU only: channels per block of the fast convolution layout, when it passed the self-test as well. */
  blockSize: z.union([z.literal(8), z.literal(16)]).nullable(),
  details: z.record(z.string(), z.string()),
});
export type DeviceProbeResult = z.infer<typeof deviceProbeResult>;
