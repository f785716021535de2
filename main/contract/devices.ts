import { z } from 'zod';
import { query } from './procedure.ts';

export const executionProvider = z.enum(['cpu', 'webgpu', 'cuda', 'dml', 'coreml']);
export type ExecutionProvider = z.infer<typeof executionProvider>;

export const operatorFailure = z.object({
  operator: z.string(),
  kind: z.enum(['wrong', 'missing']).describe('It computes something else than the CPU, or the device refuses it'),
  reason: z.string(),
});
export type OperatorFailure = z.infer<typeof operatorFailure>;

export const operatorTest = z.object({
  tested: z.int().describe('How many operators of the compiler were tried, forward and backward'),
  passed: z.int(),
  failures: z.array(operatorFailure),
  durationMs: z.number(),
  testedAt: z.string(),
});
export type OperatorTest = z.infer<typeof operatorTest>;

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
  operatorTest: operatorTest
    .nullable()
    .describe('Of every operator; null until a run first uses the device, or on request'),
  details: z.record(z.string(), z.string()),
});
export type Device = z.infer<typeof device>;

export const procedures = {
  'devices.list': query(
    'The devices of this machine with the result of their numeric self-test, from the cache unless `refresh`',
    z.object({ refresh: z.boolean().default(false) }),
    z.array(device),
  ),
  'devices.test': query(
    'Every operator on one device, in small and against the CPU; from the cache unless `refresh` or anything changed',
    z.object({ device: executionProvider, refresh: z.boolean().default(false) }),
    operatorTest,
  ),
};
