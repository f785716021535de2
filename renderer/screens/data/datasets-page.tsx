import { Anchor, Badge, Button, Group, Stack, Table, Text } from '@mantine/core';
import { IconDatabase, IconDatabaseImport } from '@tabler/icons-react';
import type { DragEvent } from 'react';
import { useState } from 'react';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { useShallow } from 'zustand/react/shallow';
import type { DatasetVersion } from '../../../main/contract/datasets.ts';
import type { DroppedFile } from '../../client/index.ts';
import { droppedFiles, sortedJobs, useJobs, useProcedure } from '../../client/index.ts';
import { formatBytes, formatCount, formatPlural } from '../../components/format.ts';
import { isLive, JobLine } from '../../components/job-progress.tsx';
import { Page } from '../../components/page.tsx';
import { Panel } from '../../components/panel.tsx';
import { paths } from '../../components/paths.ts';
import { useScreenActions } from '../../components/screen-actions.ts';
import { Digest, When } from '../../components/small.tsx';
import { Answered, NothingHere } from '../../components/states.tsx';
import classes from './datasets-page.module.css';
import { ImportDialog } from './import/import-dialog.tsx';

const kindNames: Readonly<Record<DatasetVersion['kind'], string>> = {
  image: 'Images',
  table: 'Table',
  volume: 'Volume',
};

/** Every dataset with its versions. Dropping files anywhere on it imports them. */
export function DatasetsPage() {
  const [search, setSearch] = useSearchParams();
  const [dropped, setDropped] = useState<readonly DroppedFile[] | null>(null);
  const [over, setOver] = useState(false);
  const datasets = useProcedure('datasets.list', {});
  const imports = useJobs(
    useShallow((state) => sortedJobs(state).filter((job) => job.kind === 'import' && isLive(job))),
  );
  const opened = search.get('import') !== null;
  const setOpened = (open: boolean) => {
    if (!open) setDropped(null);
    setSearch(open ? { import: '' } : {}, { replace: true });
  };
  useScreenActions('Data', [{ id: 'import', label: 'Import data', shortcut: 'i', run: () => setOpened(true) }]);

  const onDrop = async (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const files = await droppedFiles(event.dataTransfer);
    if (files.length === 0) return;
    setDropped(files);
    setOpened(true);
  };
  const importButton = (
    <Button leftSection={<IconDatabaseImport size={14} />} onClick={() => setOpened(true)}>
      Import
    </Button>
  );
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a place to drop files; the button does the same by keyboard
    <div
      className={classes.dropArea}
      data-over={over}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => event.currentTarget === event.target && setOver(false)}
      onDrop={(event) => void onDrop(event)}
    >
      <Page crumbs={[{ label: 'Data' }]} actions={importButton}>
        <Stack gap="lg">
          {imports.map((job) => (
            <Panel key={job.id}>
              <JobLine job={job} />
            </Panel>
          ))}
          <Answered query={datasets}>
            {(list) =>
              list.length === 0 ? (
                <NothingHere
                  icon={<IconDatabase size={32} stroke={1.4} />}
                  title="No datasets yet"
                  actions={
                    <Group gap="sm" justify="center">
                      {importButton}
                      <Button variant="default" component={Link} to={paths.home()}>
                        Start from a sample
                      </Button>
                    </Group>
                  }
                >
                  Drop a folder of images, an IDX pair, a table or a DICOM series here, or choose one with Import. Every
                  import becomes an immutable version.
                </NothingHere>
              ) : (
                <Panel flush>
                  <Table highlightOnHover>
                    <Table.Thead>
                      <Table.Tr>
                        <Table.Th>Name</Table.Th>
                        <Table.Th>Kind</Table.Th>
                        <Table.Th ta="right">Rows</Table.Th>
                        <Table.Th ta="right">Classes</Table.Th>
                        <Table.Th>Splits</Table.Th>
                        <Table.Th ta="right">Size</Table.Th>
                        <Table.Th>Digest</Table.Th>
                        <Table.Th>Imported</Table.Th>
                      </Table.Tr>
                    </Table.Thead>
                    <Table.Tbody>
                      {list.flatMap((dataset) =>
                        dataset.versions.map((version, order) => (
                          <DatasetRow key={version.digest} version={version} newest={order === 0} />
                        )),
                      )}
                    </Table.Tbody>
                  </Table>
                </Panel>
              )
            }
          </Answered>
        </Stack>
      </Page>
      {over && <div className={classes.dropHint}>Drop to import</div>}
      <ImportDialog opened={opened} close={() => setOpened(false)} dropped={dropped} />
    </div>
  );
}

function DatasetRow({ version, newest }: { readonly version: DatasetVersion; readonly newest: boolean }) {
  const navigate = useNavigate();
  const to = paths.dataset(version.digest);
  return (
    <Table.Tr className={classes.row} onClick={() => void navigate(to)}>
      <Table.Td pl={newest ? 'md' : 32}>
        <Anchor component={Link} to={to} fw={newest ? 600 : 400} onClick={(event) => event.stopPropagation()}>
          {version.name}
        </Anchor>{' '}
        <Text span c="dimmed">
          v{version.version}
        </Text>
      </Table.Td>
      <Table.Td>{kindNames[version.kind]}</Table.Td>
      <Table.Td ta="right">{formatCount(version.rows)}</Table.Td>
      <Table.Td ta="right">{version.classes.length === 0 ? '–' : version.classes.length}</Table.Td>
      <Table.Td>
        <Group gap={4}>
          {version.splits.map((part) => (
            <Badge key={part.split} color="gray" title={formatPlural(part.count, 'row')}>
              {part.split} {formatCount(part.count)}
            </Badge>
          ))}
        </Group>
      </Table.Td>
      <Table.Td ta="right">{formatBytes(version.sizeBytes)}</Table.Td>
      <Table.Td onClick={(event) => event.stopPropagation()}>
        <Digest value={version.digest} />
      </Table.Td>
      <Table.Td c="dimmed">
        <When time={version.createdAt} />
      </Table.Td>
    </Table.Tr>
  );
}
