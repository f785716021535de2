import type { TablerIcon } from '@tabler/icons-react';
import {
  IconActivity,
  IconBox,
  IconChartLine,
  IconClipboardCheck,
  IconDatabase,
  IconPackage,
  IconRocket,
  IconSettings,
  IconTags,
  IconUsers,
} from '@tabler/icons-react';

export interface LedgerArea {
  /** Prefix of the action. */
  readonly prefix: string;
  readonly label: string;
  readonly icon: TablerIcon;
}

export const ledgerAreas: readonly LedgerArea[] = [
  { prefix: 'dataset', label: 'Datasets', icon: IconDatabase },
  { prefix: 'label', label: 'Labels', icon: IconTags },
  { prefix: 'run', label: 'Runs', icon: IconChartLine },
  { prefix: 'model', label: 'Models', icon: IconBox },
  { prefix: 'promotion', label: 'Promotions', icon: IconClipboardCheck },
  { prefix: 'alias', label: 'Aliases', icon: IconClipboardCheck },
  { prefix: 'bundle', label: 'Bundles', icon: IconPackage },
  { prefix: 'deployment', label: 'Deployments', icon: IconRocket },
  { prefix: 'user', label: 'People', icon: IconUsers },
  { prefix: 'workspace', label: 'Workspace', icon: IconSettings },
  { prefix: 'session', label: 'Sign-ins', icon: IconUsers },
];

const other: LedgerArea = { prefix: '', label: 'Other', icon: IconActivity };

export function areaOf(action: string): LedgerArea {
  return ledgerAreas.find((area) => action.startsWith(area.prefix)) ?? other;
}
