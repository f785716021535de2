import { Anchor, Button, Group, Progress, Table, Text } from '@mantine/core';
import { IconTags } from '@tabler/icons-react';
import { useState } from 'react';
import { Link, useNavigate, useSearchParams } from 'react-router';
import type { DatasetVersion } from '../../../main/contract/datasets.ts';
import { useProcedure } from '../../client/index.ts';
import { formatCount } from '../../components/format.ts';
import { Page } from '../../components/page.tsx';
import { Panel } from '../../components/panel.tsx';
import { paths } from '../../components/paths.ts';
import { useScreenActions } from '../../components/screen-actions.ts';
import { When } from '../../components/small.tsx';
import { Answered, NothingHere } from '../../components/states.tsx';
import { CreateLabelSetDialog } from './create-label-set-dialog.tsx';

/** Every line of label work. With `?dataset=` those of one dataset version. */
export function LabelSetsPage() {
  const navigate = useNavigate();
  const [search, setSearch] = useSearchParams();
  const [creating, setCreating] = useState(false);
  const datasetDigest = search.get('dataset') ?? undefined;
  const labelSets = useProcedure('labels.list', datasetDigest === undefined ? {} : { datasetDigest });
  const datasets = useProcedure('datasets.list', {});
  const versions = new Map<string, DatasetVersion>(
    (datasets.data ?? []).flatMap((dataset) => dataset.versions).map((version) => [version.digest, version]),
  );
  const images = [...versions.values()].filter((version) => version.kind !== 'table');
  const filtered = datasetDigest === undefined ? undefined : versions.get(datasetDigest);
  useScreenActions('Label', [
    {
      id: 'create',
      label: 'New label set',
      shortcut: 'n',
      disabled: images.length === 0,
      run: () => setCreating(true),
    },
  ]);
  const createButton = (
    <Button leftSection={<IconTags size={14} />} disabled={images.length === 0} onClick={() => setCreating(true)}>
      New label set
    </Button>
  );
  return (
    <Page crumbs={[{ label: 'Label' }]} actions={createButton}>
      {filtered !== undefined && (
        <Group mb="md" gap="sm">
          <Text c="dimmed">
            Label sets of {filtered.name} v{filtered.version}
          </Text>
          <Button variant="subtle" onClick={() => setSearch({})}>
            Show all
          </Button>
        </Group>
      )}
      <Answered query={labelSets}>
        {(list) =>
          list.length === 0 ? (
            <NothingHere
              icon={<IconTags size={32} stroke={1.4} />}
              title="No label sets yet"
              actions={
                images.length === 0 ? (
                  <Button variant="default" component={Link} to={paths.home()}>
                    Start from a sample
                  </Button>
                ) : (
                  createButton
                )
              }
            >
              {images.length === 0
                ? 'Import images first. A label set then holds the labels that people give them, version by version.'
                : 'A label set holds the labels that people give to a dataset version. Start from the imported labels to correct them, or empty.'}
            </NothingHere>
          ) : (
            <Panel flush>
              <Table highlightOnHover>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Name</Table.Th>
                    <Table.Th>Dataset</Table.Th>
                    <Table.Th w={240}>Labelled</Table.Th>
                    <Table.Th ta="right">Changed</Table.Th>
                    <Table.Th ta="right">Versions</Table.Th>
                    <Table.Th>Created</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {list.map((set) => {
                    const version = versions.get(set.datasetDigest);
                    const share = version === undefined || version.rows === 0 ? 0 : set.labeledCount / version.rows;
                    return (
                      <Table.Tr
                        key={set.id}
                        style={{ cursor: 'pointer' }}
                        onClick={() => void navigate(paths.labelSet(set.id))}
                      >
                        <Table.Td>
                          <Anchor
                            component={Link}
                            to={paths.labelSet(set.id)}
                            fw={600}
                            onClick={(event) => event.stopPropagation()}
                          >
                            {set.name}
                          </Anchor>
                        </Table.Td>
                        <Table.Td>{version === undefined ? '–' : `${version.name} v${version.version}`}</Table.Td>
                        <Table.Td>
                          <Group gap="sm" wrap="nowrap">
                            <Progress
                              value={share * 100}
                              size={4}
                              style={{ flex: 1 }}
                              aria-label={`Labelled in ${set.name}`}
                            />
                            <Text size="xs" c="dimmed" style={{ flex: 'none' }}>
                              {formatCount(set.labeledCount)}
                              {version !== undefined && ` of ${formatCount(version.rows)}`}
                            </Text>
                          </Group>
                        </Table.Td>
                        <Table.Td ta="right">{formatCount(set.changedCount)}</Table.Td>
                        <Table.Td ta="right">{formatCount(set.versionCount)}</Table.Td>
                        <Table.Td c="dimmed">
                          <When time={set.createdAt} /> by {set.createdBy}
                        </Table.Td>
                      </Table.Tr>
                    );
                  })}
                </Table.Tbody>
              </Table>
            </Panel>
          )
        }
      </Answered>
      {creating && (
        <CreateLabelSetDialog
          datasets={images}
          datasetDigest={datasetDigest}
          close={() => setCreating(false)}
          onCreated={(id) => void navigate(paths.labelSet(id))}
        />
      )}
    </Page>
  );
}
