import type { Deployment } from '../../../main/contract/serving.ts';

/** What every tab of an endpoint's page is given. */
export interface EndpointTabProps {
  readonly deployment: Deployment;
}
