import { Badge } from '@mantine/core';
import type { Deployment } from '../../../main/contract/serving.ts';

const tones: Readonly<Record<Deployment['state'], { readonly color: string; readonly label: string }>> = {
  STARTING: { color: 'accent', label: 'Starting' },
  READY: { color: 'green', label: 'Ready' },
  DEGRADED: { color: 'yellow', label: 'Degraded' },
  STOPPED: { color: 'gray', label: 'Stopped' },
  FAILED: { color: 'red', label: 'Failed' },
};

export function DeploymentBadge({ state }: { readonly state: Deployment['state'] }) {
  return <Badge color={tones[state].color}>{tones[state].label}</Badge>;
}

export function isServing(state: Deployment['state']): boolean {
  return state === 'READY' || state === 'DEGRADED' || state === 'STARTING';
}

/** Where a bundle's page is. */
export function bundlePath(digest: string): string {
  return `/deploy/bundles/${digest}`;
}
