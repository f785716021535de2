import type { TablerIcon } from '@tabler/icons-react';
import {
  IconActivity,
  IconAdjustmentsHorizontal,
  IconBox,
  IconChartLine,
  IconClipboardCheck,
  IconDatabase,
  IconHome,
  IconPlayerPlay,
  IconRocket,
  IconTags,
} from '@tabler/icons-react';
import type { ComponentType, LazyExoticComponent } from 'react';
import { lazy } from 'react';

type ScreenModule = { readonly default: ComponentType };

export interface Area {
  readonly path: string;
  readonly label: string;
  readonly icon: TablerIcon;
  /** The second key of `g` then a letter. */
  readonly key: string;
  readonly screen: LazyExoticComponent<ComponentType>;
}

const screens = import.meta.glob<ScreenModule>('../screens/*/index.tsx');

/** The areas of the studio in the order of a model's life. Each has its own chunk. */
export const areas: readonly Area[] = [
  area('/data', 'Data', 'data', IconDatabase, 'd'),
  area('/label', 'Label', 'label', IconTags, 'l'),
  area('/train', 'Train', 'train', IconPlayerPlay, 't'),
  area('/runs', 'Runs', 'runs', IconChartLine, 'r'),
  area('/models', 'Models', 'models', IconBox, 'm'),
  area('/deploy', 'Deploy', 'deploy', IconRocket, 'p'),
  area('/review', 'Review', 'review', IconClipboardCheck, 'v'),
  area('/activity', 'Activity', 'activity', IconActivity, 'a'),
  area('/settings', 'Settings', 'settings', IconAdjustmentsHorizontal, 's'),
];

export const home: Area = area('/', 'Home', 'home', IconHome, 'h');

function area(path: string, label: string, folder: string, icon: TablerIcon, key: string): Area {
  const load = screens[`../screens/${folder}/index.tsx`];
  const screen = lazy(load ?? (() => Promise.reject(new Error(`The screen ${label} is not part of this build.`))));
  return { path, label, icon, key, screen };
}
