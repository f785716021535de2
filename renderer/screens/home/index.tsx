import { Alert, Anchor, Button, Group, List, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconClockExclamation, IconDatabaseImport, IconFirstAidKit } from '@tabler/icons-react';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import type { WorkspaceInfo } from '../../../main/contract/workspace.ts';
import { useProcedure } from '../../client/index.ts';
import { formatBytes, formatCount, formatDuration } from '../../components/format.ts';
import { Page } from '../../components/page.tsx';
import { Panel } from '../../components/panel.tsx';
import { paths } from '../../components/paths.ts';
import { useScreenActions } from '../../components/screen-actions.ts';
import { Fact, StateBadge, When } from '../../components/small.tsx';
import { Answered } from '../../components/states.tsx';
import { NextSteps } from './next-steps.tsx';
import { Samples } from './samples.tsx';

const runsShown = 6;
/** Which start of the engine has been read about already. */
const recoveryKey = 'lightbench.recovery';

/** First start: what to begin with. Later: what there is and what comes next. */
export default function HomeScreen() {
  const navigate = useNavigate();
  const info = useProcedure('workspace.info', {});
  const datasets = useProcedure('datasets.list', {});
  const first = datasets.data?.length === 0;
  const importOwn = () => void navigate(`${paths.data()}?import`);
  useScreenActions('Home', [{ id: 'import', label: 'Import data', shortcut: 'i', run: importOwn }]);
  return (
    <Page
      crumbs={[{ label: info.data?.name ?? 'Home' }]}
      actions={
        <Button
          variant={first ? 'filled' : 'default'}
          leftSection={<IconDatabaseImport size={14} />}
          onClick={importOwn}
        >
          Import data
        </Button>
      }
    >
      <Stack gap="xl" maw={1080} mx="auto">
        {info.data !== undefined && <Recovery info={info.data} />}
        {first && (
          <Stack gap={4} pt="lg">
            <Text fz={20} fw={600} lh={1.3}>
              Start with data
            </Text>
            <Text c="dimmed" maw={640}>
              Everything in Lightbench begins with a dataset version: label it, train on it, compare, approve, deploy.
              Take a sample to look around, or bring your own.
            </Text>
          </Stack>
        )}
        {first && <Samples compact={false} />}
        {!first && (
          <Answered query={datasets}>
            {(list) => (
              <>
                <NextSteps datasets={list} />
                <RecentRuns />
                <Samples compact />
              </>
            )}
          </Answered>
        )}
        {info.data !== undefined && <WorkspaceFacts info={info.data} />}
      </Stack>
    </Page>
  );
}

/** What the last start had to mend, until it is put away. */
function Recovery({ info }: { readonly info: WorkspaceInfo }) {
  const [hidden, setHidden] = useState(() => window.sessionStorage.getItem(recoveryKey) === info.openedAt);
  const putAway = () => {
    window.sessionStorage.setItem(recoveryKey, info.openedAt);
    setHidden(true);
  };
  const behind = info.clockWentBackwardsMs;
  return (
    <>
      {info.recovery.length > 0 && !hidden && (
        <Alert
          color="yellow"
          icon={<IconFirstAidKit size={18} />}
          title="The last start found work that had been interrupted"
          withCloseButton
          closeButtonLabel="Put away"
          onClose={putAway}
        >
          <List size="sm" spacing={2}>
            {info.recovery.map((entry) => (
              <List.Item key={`${entry.what}-${entry.action}`}>
                {entry.what}.{' '}
                <Text span c="dimmed">
                  {entry.action}
                </Text>
              </List.Item>
            ))}
          </List>
        </Alert>
      )}
      {behind > 0 && (
        <Alert
          color="yellow"
          icon={<IconClockExclamation size={18} />}
          title="The clock of this machine went backwards"
        >
          It is {formatDuration(behind)} behind the last recorded change. New entries keep their order all the same;
          correct the clock so that their times are right.
        </Alert>
      )}
    </>
  );
}

function RecentRuns() {
  const runs = useProcedure('runs.list', { limit: runsShown });
  if (runs.data === undefined || runs.data.length === 0) return null;
  return (
    <Panel
      title="Latest runs"
      aside={
        <Anchor component={Link} to={paths.runs()}>
          All runs
        </Anchor>
      }
    >
      <Stack gap="sm">
        {runs.data.map((run) => (
          <Group key={run.id} justify="space-between" wrap="nowrap">
            <Group gap="sm" wrap="nowrap" miw={0}>
              <StateBadge state={run.status} />
              <Anchor component={Link} to={paths.run(run.id)} truncate>
                {run.name}
              </Anchor>
              <Text c="dimmed" truncate>
                {run.datasetName}
              </Text>
            </Group>
            <Text c="dimmed" style={{ flex: 'none' }}>
              <When time={run.createdAt} />
            </Text>
          </Group>
        ))}
      </Stack>
    </Panel>
  );
}

function WorkspaceFacts({ info }: { readonly info: WorkspaceInfo }) {
  return (
    <Panel title="Workspace">
      <SimpleGrid cols={4} spacing="lg">
        <Fact label="Folder">{info.path}</Fact>
        <Fact label="Artifacts">
          {formatCount(info.artifactCount)} · {formatBytes(info.artifactBytes)}
        </Fact>
        <Fact label="Free on its disk">{formatBytes(info.freeBytes)}</Fact>
        <Fact label="Lightbench">{info.applicationVersion}</Fact>
      </SimpleGrid>
    </Panel>
  );
}
