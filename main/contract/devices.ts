import { z } from 'zod';
import { query } from './procedure.ts';

export const executionProvider = z.enum(['cpu', 'webgpu', 'cuda', 'dml', 'coreml']);
export type ExecutionProvider = z.infer<typeof executionProvider>;

export const device = z.object({
  id: executionProvider,
  title: z.string().describe('"CPU (2 threads)", "WebGPU"'),
  present: z.boolean().describe('The runtime has the provider and a device answers'),
  offered: z.boolean().describe('Present and its self-test passed'),
  reason: z.string().describe('Why it is or is not offered, in one sentence'),
  selfTest: z
    .object({
      passed: z.boolean(),
      maxRelativeError: z.number().nullable(),
      durationMs: z.number(),
      testedAt: z.string(),
    })
    .nullable(),
  details: z.record(z.string(), z.string()),
});
export type Device = z.infer<typeof device>;

export const procedures = {
  'devices.list': query(
    'The devices of this machine with the result of their numeric self-test, from the cache unless `refresh`',
    z.object({ refresh: z.boolean().default(false) }),
    z.array(device),
  ),
};
