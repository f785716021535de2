import type { PromotionRequest } from '../../../main/contract/registry.ts';

export const requestStates: Readonly<
  Record<PromotionRequest['state'], { readonly label: string; readonly color: string }>
> = {
  PENDING: { label: 'Waiting', color: 'accent' },
  APPROVED: { label: 'Approved', color: 'green' },
  REJECTED: { label: 'Rejected', color: 'red' },
  WITHDRAWN: { label: 'Withdrawn', color: 'gray' },
};
