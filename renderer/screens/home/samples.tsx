import { Anchor, Button, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import type { TablerIcon } from '@tabler/icons-react';
import {
  IconAffiliate,
  IconChartLine,
  IconCheck,
  IconDownload,
  IconHeartRateMonitor,
  IconLayersIntersect,
  IconMail,
  IconNumbers,
  IconPlane,
  IconSquares,
  IconSun,
  IconTable,
  IconVolume,
} from '@tabler/icons-react';
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
  'bird-strikes': IconPlane,
  'mr-series': IconHeartRateMonitor,
  co2: IconChartLine,
  sunspots: IconSun,
  mails: IconMail,
  pronunciations: IconVolume,
  novel: IconAffiliate,
  'digit-scenes-masks': IconLayersIntersect,
  'digit-scenes-boxes': IconSquares,
};

/** The datasets that come with Lightbench. `compact`: hides those that are there already. */
export function Samples({ compact }: { readonly compact: boolean }) {
  const samples = useProcedure('samples.list', {});
  const [asked, setAsked] = useState<readonly Sample['id'][]>([]);
  const start = useCommand('samples.import', {
    onSuccess: (_jobs, { ids }) => setAsked((before) => [...before, ...ids]),
  });
  const imports = useJobs(
    useShallow((state) => sortedJobs(state).filter((job) => job.kind === 'import' && isLive(job))),
  );
  return (
    <Answered query={samples} loading={<Loading lines={3} />}>
      {(list) => {
        const open = list.filter((sample) => !sample.imported && !asked.includes(sample.id)).map((sample) => sample.id);
        const shown = compact ? list.filter((sample) => !sample.imported) : list;
        return (
          <>
            {imports.length > 0 && (
              <Panel>
                <Stack gap="lg">
                  {imports.map((job) => (
                    <JobLine key={job.id} job={job} />
                  ))}
                </Stack>
              </Panel>
            )}
            {shown.length > 0 && (
              <div>
                <Group justify="space-between" mb="sm">
                  <Text fw={600}>{compact ? 'More samples' : 'Samples'}</Text>
                  {open.length > 1 && (
                    <Button variant="subtle" onClick={() => start.mutate({ ids: open })}>
                      Import all
                    </Button>
                  )}
                </Group>
                <SimpleGrid cols={3} spacing="md">
                  {shown.map((sample) => (
                    <SampleCard
                      key={sample.id}
                      sample={sample}
                      asked={asked.includes(sample.id)}
                      onImport={() => start.mutate({ ids: [sample.id] })}
                    />
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

interface SampleCardProps {
  readonly sample: Sample;
  /** The import has been asked for. */
  readonly asked: boolean;
  readonly onImport: () => void;
}

function SampleCard({ sample, asked, onImport }: SampleCardProps) {
  const Icon = icons[sample.id];
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
        <Button variant="default" leftSection={<IconDownload size={14} />} disabled={asked} onClick={onImport}>
          {asked ? 'Importing' : 'Import'}
        </Button>
      )}
    </section>
  );
}
