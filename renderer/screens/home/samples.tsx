import { Anchor, Button, Group, SimpleGrid, Text } from '@mantine/core';
import type { TablerIcon } from '@tabler/icons-react';
import { IconCheck, IconDownload, IconHeartRateMonitor, IconNumbers, IconTable } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'react-router';
import { useShallow } from 'zustand/react/shallow';
import type { Sample } from '../../../main/contract/workspace.ts';
import { sortedJobs, useCommand, useJobs, useProcedure } from '../../client/index.ts';
import { formatBytes, formatCount } from '../../components/format.ts';
import { isLive, JobLine } from '../../components/job-progress.tsx';
import { Panel } from '../../components/panel.tsx';
import { paths } from '../../components/paths.ts';
import { Answered, Loading } from '../../components/states.tsx';
import classes from './samples.module.css';

const icons: Readonly<Record<Sample['id'], TablerIcon>> = {
  digits: IconNumbers,
  penguins: IconTable,
  'mr-series': IconHeartRateMonitor,
};

/** The datasets that come with Lightbench. `compact`: hides those that are there already. */
export function Samples({ compact }: { readonly compact: boolean }) {
  const samples = useProcedure('samples.list', {});
  const imports = useJobs(
    useShallow((state) => sortedJobs(state).filter((job) => job.kind === 'import' && isLive(job))),
  );
  return (
    <Answered query={samples} loading={<Loading lines={3} />}>
      {(list) => {
        const shown = compact ? list.filter((sample) => !sample.imported) : list;
        return (
          <>
            {imports.map((job) => (
              <Panel key={job.id}>
                <JobLine job={job} />
              </Panel>
            ))}
            {shown.length > 0 && (
              <div>
                <Group justify="space-between" mb="sm">
                  <Text fw={600}>{compact ? 'More samples' : 'Samples'}</Text>
                  {shown.length > 1 && (
                    <ImportAll ids={shown.filter((sample) => !sample.imported).map((sample) => sample.id)} />
                  )}
                </Group>
                <SimpleGrid cols={3} spacing="md">
                  {shown.map((sample) => (
                    <SampleCard key={sample.id} sample={sample} />
                  ))}
                </SimpleGrid>
              </div>
            )}
          </>
        );
      }}
    </Answered>
  );
}

function ImportAll({ ids }: { readonly ids: readonly Sample['id'][] }) {
  const start = useCommand('samples.import');
  if (ids.length === 0) return null;
  return (
    <Button variant="subtle" loading={start.isPending} onClick={() => start.mutate({ ids: [...ids] })}>
      Import all
    </Button>
  );
}

function SampleCard({ sample }: { readonly sample: Sample }) {
  const Icon = icons[sample.id];
  const [asked, setAsked] = useState(false);
  const start = useCommand('samples.import', { onSuccess: () => setAsked(true) });
  return (
    <section className={classes.card} aria-label={sample.title}>
      <Group gap="sm" wrap="nowrap">
        <Icon size={20} stroke={1.5} color="var(--lb-accent-text)" aria-hidden />
        <Text fw={600}>{sample.title}</Text>
      </Group>
      <Text c="dimmed" className={classes.description}>
        {sample.description}
      </Text>
      <Text size="xs" c="dimmed">
        {formatCount(sample.rows)} rows · {formatBytes(sample.sizeBytes)} · {sample.licence}
      </Text>
      {sample.imported ? (
        <Anchor component={Link} to={paths.data()}>
          <Group gap={4}>
            <IconCheck size={14} aria-hidden /> Imported
          </Group>
        </Anchor>
      ) : (
        <Button
          variant="default"
          leftSection={<IconDownload size={14} />}
          loading={start.isPending}
          disabled={asked}
          onClick={() => start.mutate({ ids: [sample.id] })}
        >
          {asked ? 'Importing' : 'Import'}
        </Button>
      )}
    </section>
  );
}
