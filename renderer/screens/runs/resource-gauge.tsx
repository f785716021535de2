import { Alert, Group, Progress, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconHourglass } from '@tabler/icons-react';
import type { MetricSeries } from '../../../main/contract/training.ts';
import { formatBytes, formatNumber, formatPercent } from '../../components/format.ts';

/** From this share of a step on, preparing batches holds the training up. */
const inputBound = 0.05;
/** Readings that a warning looks back on: one slow batch is none. */
const recentReadings = 10;

/** What a running run takes of the machine, as last read. */
export function ResourceGauge({ series }: { readonly series: readonly MetricSeries[] }) {
  const valuesOf = (key: string) => series.find((entry) => entry.key === key)?.values ?? [];
  const last = (key: string) => valuesOf(key).at(-1);
  const memory = last('memory_bytes');
  const rate = last('steps_per_second');
  if (memory === undefined || rate === undefined) return null;
  const gpuMemory = last('gpu_memory_bytes');
  const recent = valuesOf('data_wait_share').slice(-recentReadings);
  const waiting = recent.length === 0 ? 0 : recent.reduce((sum, value) => sum + value, 0) / recent.length;
  return (
    <Stack gap="sm" role="group" aria-label="What the run takes of the machine">
      <SimpleGrid cols={{ base: 2, sm: 4, lg: 5 }} spacing="md">
        <Share label="Processor" value={last('cpu_share')} />
        <Reading label="Memory" text={formatBytes(memory)} />
        <Reading label="Speed" text={`${formatNumber(rate)} steps/s`} />
        <Share label="Waiting for data" value={waiting} warn={waiting > inputBound} />
        {last('gpu_share') !== undefined && <Share label="GPU" value={last('gpu_share')} />}
        {gpuMemory !== undefined && <Reading label="GPU memory" text={formatBytes(gpuMemory)} />}
      </SimpleGrid>
      {waiting > inputBound && (
        <Alert color="yellow" icon={<IconHourglass size={16} />} title="The run waits for its data" p="sm">
          Preparing batches takes {formatPercent(waiting, 0)} of the time of a step. Larger memory, smaller pictures
          (preprocessing.resize) or a larger batch help.
        </Alert>
      )}
    </Stack>
  );
}

function Share(props: { readonly label: string; readonly value: number | undefined; readonly warn?: boolean }) {
  const { label, value, warn = false } = props;
  if (value === undefined) return null;
  return (
    <div>
      <Group justify="space-between" gap={6} wrap="nowrap">
        <Text size="xs" c="dimmed">
          {label}
        </Text>
        <Text size="xs">{formatPercent(value, 0)}</Text>
      </Group>
      <Progress value={value * 100} size={5} mt={4} color={warn ? 'yellow' : 'accent'} aria-label={label} />
    </div>
  );
}

function Reading({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text size="sm">{text}</Text>
    </div>
  );
}
