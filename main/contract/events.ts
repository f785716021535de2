import { z } from 'zod';
import { job } from './jobs.ts';

/** What changed, coarse: a client reads again whatever it shows of the topic. */
export const topic = z.enum([
  'workspace',
  'datasets',
  'labels',
  'runs',
  'evaluation',
  'registry',
  'bundles',
  'deployments',
  'users',
  'ledger',
  'devices',
  'model_files',
]);
export type Topic = z.infer<typeof topic>;

export const workspaceEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('changed'), topic, ids: z.array(z.string()), actor: z.string().nullable() }),
  z.object({ type: z.literal('job'), job }),
]);
export type WorkspaceEvent = z.infer<typeof workspaceEvent>;

export const streams = {
  'workspace.events': {
    summary: 'Changes of the workspace and of its jobs, as they happen',
    input: z.object({}),
    event: workspaceEvent,
  },
};
