import { Alert, Badge, Group, Progress, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useMemo } from 'react';
import type { Run } from '../../../main/contract/training.ts';
import { ChartSettingsBar, useChartSettings } from '../../charts/chart-settings.tsx';
import { MetricCharts } from '../../charts/metric-charts.tsx';
import { formatMetric, metricTitle } from '../../charts/metric-groups.ts';
import { useJob } from '../../client/index.ts';
import { formatCount, formatDuration, formatNumber } from '../../components/format.ts';
import { isLive } from '../../components/job-progress.tsx';
import { Panel } from '../../components/panel.tsx';
import { paths } from '../../components/paths.ts';
import { Digest, Fact, When } from '../../components/small.tsx';
import { ErrorState, NothingHere } from '../../components/states.tsx';
import { TextLink } from '../../components/text-link.tsx';
import { ResourceGauge } from './resource-gauge.tsx';
import { durationMs } from './run-columns.ts';
import type { RunTabProps } from './run-tab.ts';
import { writeTags } from './run-tags.ts';
import { SampleHistoryPanel } from './sample-history-panel.tsx';
import { SpikeNote } from './spike-note.tsx';

const headlines = [
  'test.accuracy',
  'test.mae',
  'test.naive_mae',
  'test.perplexity',
  'test.mean_iou',
  'test.recall_at_1',
  'test.map_at_r',
  'test.average_precision_50',
  'test.confident_share',
  'best.validation_accuracy',
  'best.validation_loss',
  'validation_accuracy',
  'validation_loss',
  'train_accuracy',
  'train_loss',
];
const headlineCount = 4;

/** How the run goes: progress, the numbers that matter, the curves. */
export function OverviewTab({ run, live, record }: RunTabProps) {
  const [settings, setSettings] = useChartSettings();
  const charted = useMemo(() => [{ id: run.id, name: run.name }], [run.id, run.name]);
  return (
    <Stack gap="lg">
      {run.error !== null && (
        <Alert color="red" icon={<IconAlertTriangle size={18} />} title={run.error.title}>
          <Text>{run.error.cause}</Text>
          <Text c="dimmed">{run.error.suggestion}</Text>
        </Alert>
      )}
      <SpikeNote series={live.series} />
      <Panel>
        <Stack gap="md">
          <RunProgress run={run} />
          {run.status === 'RUNNING' && <ResourceGauge series={live.series} />}
          <Headlines run={run} />
          <SimpleGrid cols={{ base: 2, sm: 4, lg: 6 }} spacing="md" verticalSpacing="sm">
            <Fact label="Dataset">
              <TextLink to={paths.dataset(run.datasetDigest)}>{run.datasetName}</TextLink>
            </Fact>
            <Fact label="Model">
              {String(run.params['model.kind'] ?? '')}, {formatCount(run.parameters)} parameters
            </Fact>
            <Fact label="Device">
              {run.device}
              {run.device === 'cpu' && `, ${run.threads} ${run.threads === 1 ? 'thread' : 'threads'}`}
            </Fact>
            <Fact label="Started">{run.startedAt === null ? 'waiting' : <When time={run.startedAt} />}</Fact>
            <Fact label="Duration">{formatDuration(durationMs(run))}</Fact>
            <Fact label="Experiment">{run.experiment}</Fact>
            <Fact label="Seed">{run.seed}</Fact>
            <Fact label="By">{run.createdBy}</Fact>
            <Fact label="Config">
              <Digest value={run.configDigest} label="Config" />
            </Fact>
            <Fact label="Code version">{run.codeVersion}</Fact>
            <Fact label="Checkpoints">{record.checkpoints.length}</Fact>
            <Fact label="Id">{run.id}</Fact>
          </SimpleGrid>
          <Description run={run} />
        </Stack>
      </Panel>
      <SampleHistoryPanel run={run} />
      {live.error !== null && <ErrorState inline error={live.error} />}
      {live.series.length > 0 ? (
        <Stack gap="md">
          <ChartSettingsBar settings={settings} onChange={setSettings} />
          <MetricCharts runs={charted} series={live.series} settings={settings} syncKey={`run ${run.id}`} />
        </Stack>
      ) : (
        live.error === null && (
          <NothingHere title={run.status === 'FINISHED' ? 'No curves' : 'No points yet'}>
            {run.status === 'RUNNING' || run.status === 'SCHEDULED'
              ? 'The curves begin with the first steps.'
              : run.status === 'FINISHED'
                ? 'There was nothing to learn, as in an average of trained models. Its evaluation is all there is.'
                : 'This run ended before it measured anything.'}
          </NothingHere>
        )
      )}
    </Stack>
  );
}

/** What people wrote about the run. */
function Description({ run }: { readonly run: Run }) {
  const tags = writeTags(run.tags);
  return (
    <>
      {run.note !== '' && (
        <Fact label="Note">
          <span style={{ whiteSpace: 'pre-wrap' }}>{run.note}</span>
        </Fact>
      )}
      {tags.length > 0 && (
        <Fact label="Tags">
          <Group gap={6} mt={2}>
            {tags.map((tag) => (
              <Badge key={tag} color="gray" tt="none">
                {tag}
              </Badge>
            ))}
          </Group>
        </Fact>
      )}
    </>
  );
}

function RunProgress({ run }: { readonly run: Run }) {
  const job = useJob(run.jobId);
  const going = run.status === 'RUNNING' || run.status === 'SCHEDULED' || run.status === 'PAUSED';
  if (!going) return null;
  const progress = job !== undefined && isLive(job) ? job.progress : null;
  const percent = run.totalSteps === 0 ? 0 : Math.min(100, (run.step / run.totalSteps) * 100);
  // Before and after the steps come phases of their own, counted in other things than steps.
  const stepping = run.status === 'RUNNING' && progress?.unit === 'steps' ? progress : null;
  const parts = [
    `Epoch ${formatNumber(Math.floor(run.epoch * 100) / 100)}`,
    `step ${formatCount(run.step)} of ${formatCount(run.totalSteps)}`,
    ...(stepping?.ratePerSecond ? [`${formatNumber(stepping.ratePerSecond)} steps/s`] : []),
    ...(stepping?.remainingMs ? [`${formatDuration(stepping.remainingMs)} left`] : []),
  ];
  return (
    <Stack gap={6}>
      <Group justify="space-between">
        <Text fw={600}>{run.status === 'PAUSED' ? 'Paused' : (progress?.phase ?? 'Training')}</Text>
        <Text c="dimmed">{parts.join(' · ')}</Text>
      </Group>
      <Progress
        value={percent}
        size={6}
        aria-label="Progress of the run"
        color={run.status === 'PAUSED' ? 'yellow' : 'accent'}
      />
    </Stack>
  );
}

function Headlines({ run }: { readonly run: Run }) {
  const keys = headlines.filter((key) => run.metrics[key] !== undefined).slice(0, headlineCount);
  if (keys.length === 0) return null;
  return (
    <SimpleGrid cols={{ base: 2, sm: headlineCount }} spacing="md">
      {keys.map((key) => (
        <div key={key}>
          <Text size="xs" c="dimmed">
            {metricTitle(key)}
          </Text>
          <Text fz={22} fw={600} lh={1.3}>
            {formatMetric(key, run.metrics[key])}
          </Text>
        </div>
      ))}
    </SimpleGrid>
  );
}
