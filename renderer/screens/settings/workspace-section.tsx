import { Alert, Button, Code, List, SimpleGrid, Stack, Table, Text } from '@mantine/core';
import { IconShieldCheck, IconShieldX } from '@tabler/icons-react';
import { useState } from 'react';
import type { Verification, WorkspaceProblem } from '../../../main/contract/workspace.ts';
import { useProcedure } from '../../client/index.ts';
import { formatBytes, formatCount, formatDuration, formatPlural, formatTime } from '../../components/format.ts';
import { Panel } from '../../components/panel.tsx';
import { useScreenActions } from '../../components/screen-actions.ts';
import { Fact } from '../../components/small.tsx';
import { Answered, ErrorState, Loading } from '../../components/states.tsx';
import { PredictionLogPanel } from './prediction-log-panel.tsx';

const problemNames: Readonly<Record<WorkspaceProblem['kind'], string>> = {
  artifact_missing: 'Missing file',
  artifact_altered: 'Altered file',
  ledger_broken: 'Broken ledger',
  database_damaged: 'Damaged database',
  reference_missing: 'Missing record',
};

/** Where everything lies, and whether all of it is as it was written. */
export function WorkspaceSection() {
  const info = useProcedure('workspace.info', {});
  const [asked, setAsked] = useState(false);
  const verification = useProcedure('workspace.verify', {}, { enabled: asked, staleTimeMs: 0 });
  const verify = () => {
    if (asked) void verification.refetch();
    else setAsked(true);
  };
  useScreenActions('Workspace', [{ id: 'verify', label: 'Check the whole workspace', run: verify }]);
  return (
    <Stack gap="lg">
      <Panel title="Workspace">
        <Answered query={info} loading={<Loading lines={3} />}>
          {(data) => (
            <SimpleGrid cols={3} spacing="lg">
              <Fact label="Name">{data.name}</Fact>
              <Fact label="Folder">
                <Code fz={12}>{data.path}</Code>
              </Fact>
              <Fact label="Created">{formatTime(data.createdAt)}</Fact>
              <Fact label="Artifacts">
                {formatPlural(data.artifactCount, 'file')}, {formatBytes(data.artifactBytes)}
              </Fact>
              <Fact label="Free on its disk">{formatBytes(data.freeBytes)}</Fact>
              <Fact label="Opened">{formatTime(data.openedAt)}</Fact>
              <Fact label="Schema of the database">{data.schemaVersion}</Fact>
              <Fact label="Lightbench">{data.applicationVersion}</Fact>
            </SimpleGrid>
          )}
        </Answered>
        <Text c="dimmed" mt="lg" maw={640}>
          The folder is everything: close Lightbench and move, copy or zip it; every hash still resolves where it is
          opened next.
        </Text>
      </Panel>
      {info.data !== undefined && <PredictionLogPanel limit={info.data.predictionLogLimit} />}
      <Panel
        title="Check"
        aside={
          <Button
            variant="default"
            leftSection={<IconShieldCheck size={14} />}
            loading={verification.isFetching}
            onClick={verify}
          >
            Check now
          </Button>
        }
      >
        {verification.isFetching ? (
          <Text c="dimmed" role="status">
            Hashing every artifact and walking the ledger.
          </Text>
        ) : verification.error !== null ? (
          <ErrorState inline error={verification.error} />
        ) : verification.data === undefined ? (
          <Text c="dimmed">
            Hashes every artifact again, walks the ledger and checks the database. Names whatever is damaged and what
            depends on it.
          </Text>
        ) : (
          <Result verification={verification.data} />
        )}
      </Panel>
    </Stack>
  );
}

function Result({ verification }: { readonly verification: Verification }) {
  const { problems, checkedArtifacts, checkedBytes, checkedLedgerEntries, durationMs } = verification;
  const checked = `${formatPlural(checkedArtifacts, 'artifact')} (${formatBytes(checkedBytes)}) and ${formatPlural(checkedLedgerEntries, 'ledger entry', 'ledger entries')} checked in ${formatDuration(durationMs)}.`;
  if (problems.length === 0)
    return (
      <Alert color="green" icon={<IconShieldCheck size={18} />} title="Everything is as it was written" role="status">
        {checked}
      </Alert>
    );
  return (
    <Stack>
      <Alert color="red" icon={<IconShieldX size={18} />} title={`${formatCount(problems.length)} found damaged`}>
        {checked} Restore the files named below from a backup.
      </Alert>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>What</Table.Th>
            <Table.Th>Where</Table.Th>
            <Table.Th>Detail</Table.Th>
            <Table.Th>Affects</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {problems.map((problem) => (
            <Table.Tr key={`${problem.kind}-${problem.subject}`}>
              <Table.Td>{problemNames[problem.kind]}</Table.Td>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>{problem.path ?? problem.subject}</Table.Td>
              <Table.Td>{problem.detail}</Table.Td>
              <Table.Td>
                <List size="sm">
                  {problem.affects.map((record) => (
                    <List.Item key={record}>{record}</List.Item>
                  ))}
                </List>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Stack>
  );
}
