import { useMantineColorScheme } from '@mantine/core';
import type { SpotlightActionData, SpotlightActionGroupData } from '@mantine/spotlight';
import { Spotlight } from '@mantine/spotlight';
import {
  IconBolt,
  IconBox,
  IconChartLine,
  IconDatabase,
  IconKeyboard,
  IconLogin,
  IconMoon,
  IconSearch,
} from '@tabler/icons-react';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useProcedure, wantSignIn } from '../client/index.ts';
import { paths } from '../components/paths.ts';
import { useScreenActionStore } from '../components/screen-actions.ts';
import { Keys } from '../components/small.tsx';
import { areas, home } from './areas.ts';

const runsListed = 500;
const shownAtOnce = 60;

/** Ctrl/⌘ K: the actions of the screen on view, every area, and datasets, runs and models by name. */
export function CommandPalette({ openHelp }: { readonly openHelp: () => void }) {
  const navigate = useNavigate();
  const groups = useScreenActionStore((state) => state.groups);
  const { toggleColorScheme } = useMantineColorScheme();
  const [everOpened, setEverOpened] = useState(false);
  const asked = { enabled: everOpened };
  const datasets = useProcedure('datasets.list', {}, asked).data;
  const runs = useProcedure('runs.list', { limit: runsListed }, asked).data;
  const models = useProcedure('registry.list', {}, asked).data;
  const go = (to: string) => () => void navigate(to);

  const screenGroups: SpotlightActionGroupData[] = groups.map(({ group, actions }) => ({
    group,
    actions: actions
      .filter((action) => action.inPalette !== false && !action.disabled)
      .map((action) => ({
        id: `screen-${group}-${action.id}`,
        label: action.label,
        onClick: action.run,
        leftSection: <IconBolt size={16} stroke={1.6} />,
        rightSection: action.shortcut === undefined ? undefined : <Keys shortcut={action.shortcut} />,
      })),
  }));
  const all: SpotlightActionGroupData[] = [
    ...screenGroups,
    {
      group: 'Go to',
      actions: [home, ...areas].map(({ path, label, icon: Icon }) => ({
        id: `area-${path}`,
        label,
        onClick: go(path),
        leftSection: <Icon size={16} stroke={1.6} />,
      })),
    },
    {
      group: 'Datasets',
      actions: (datasets ?? []).flatMap((dataset) =>
        dataset.versions.map(
          (version): SpotlightActionData => ({
            id: version.digest,
            label: `${dataset.name} v${version.version}`,
            keywords: [dataset.kind, version.digest],
            onClick: go(paths.dataset(version.digest)),
            leftSection: <IconDatabase size={16} stroke={1.6} />,
          }),
        ),
      ),
    },
    {
      group: 'Models',
      actions: (models ?? []).map((model) => ({
        id: `model-${model.name}`,
        label: model.name,
        onClick: go(paths.model(model.name)),
        leftSection: <IconBox size={16} stroke={1.6} />,
      })),
    },
    {
      group: 'Runs',
      actions: (runs ?? []).map((run) => ({
        id: run.id,
        label: run.name,
        keywords: [run.id, run.experiment, run.datasetName],
        onClick: go(paths.run(run.id)),
        leftSection: <IconChartLine size={16} stroke={1.6} />,
      })),
    },
    {
      group: 'Studio',
      actions: [
        {
          id: 'theme',
          label: 'Switch between light and dark',
          onClick: toggleColorScheme,
          leftSection: <IconMoon size={16} stroke={1.6} />,
        },
        {
          id: 'help',
          label: 'Keyboard shortcuts',
          onClick: openHelp,
          leftSection: <IconKeyboard size={16} stroke={1.6} />,
        },
        {
          id: 'sign-in',
          label: 'Sign in',
          onClick: () => wantSignIn(true),
          leftSection: <IconLogin size={16} stroke={1.6} />,
        },
      ],
    },
  ];
  return (
    <Spotlight
      actions={all.filter((group) => group.actions.length > 0)}
      shortcut={['mod + K']}
      onSpotlightOpen={() => setEverOpened(true)}
      nothingFound="Nothing found"
      highlightQuery
      scrollable
      centered={false}
      yOffset={96}
      attributes={{ content: { 'aria-label': 'Search and commands' } }}
      overlayProps={{ backgroundOpacity: 0.35, blur: 0 }}
      maxHeight={420}
      limit={shownAtOnce}
      searchProps={{
        leftSection: <IconSearch size={16} stroke={1.6} />,
        placeholder: 'Go to, do, or find by name',
        'aria-label': 'Search and commands',
      }}
    />
  );
}
