import { Button, Stack, Tabs } from '@mantine/core';
import { IconArrowsDiff, IconGitCompare } from '@tabler/icons-react';
import { useQueries } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Link, useSearchParams } from 'react-router';
import type { ProcedureOutput } from '../../../main/contract/index.ts';
import type { Run } from '../../../main/contract/training.ts';
import { ChartSettingsBar, useChartSettings } from '../../charts/chart-settings.tsx';
import { MetricCharts } from '../../charts/metric-charts.tsx';
import { call, useProcedure } from '../../client/index.ts';
import { Page } from '../../components/page.tsx';
import { paths } from '../../components/paths.ts';
import { StateBadge } from '../../components/small.tsx';
import { Answered, ErrorState, LoadingPage, NothingHere } from '../../components/states.tsx';
import classes from './compare.module.css';
import { Figures } from './compare-figures.tsx';
import { Pair } from './compare-pair.tsx';
import { comparedIds, comparePath } from './compare-path.ts';
import { RunSwatch } from './run-swatch.tsx';

type RunRecord = ProcedureOutput<'runs.get'>;

/** Several runs side by side: their curves, their figures, and what was set differently. */
export function ComparePage() {
  const [search] = useSearchParams();
  const ids = useMemo(() => comparedIds(search), [search]);
  const answers = useQueries({
    queries: ids.map((runId) => ({ queryKey: ['runs.get', { runId }], queryFn: () => call('runs.get', { runId }) })),
  });
  const records = answers.flatMap((answer): RunRecord[] => (answer.data === undefined ? [] : [answer.data]));
  const failed = answers.find((answer) => answer.error !== null);
  const crumbs = [
    { label: 'Runs', to: paths.runs() },
    { label: ids.length > 0 ? `Compare ${ids.length} runs` : 'Compare' },
  ];
  if (ids.length < 2)
    return (
      <Page crumbs={crumbs}>
        <NothingHere
          icon={<IconGitCompare size={28} />}
          title="Choose two runs or more"
          actions={
            <Button component={Link} to={paths.runs()}>
              To the runs
            </Button>
          }
        >
          Tick runs in the table and press Compare.
        </NothingHere>
      </Page>
    );
  if (failed !== undefined && records.length < 2)
    return (
      <Page crumbs={crumbs}>
        <ErrorState error={failed.error} retry={() => void failed.refetch()} />
      </Page>
    );
  if (records.length < ids.length && failed === undefined)
    return (
      <Page crumbs={crumbs}>
        <LoadingPage />
      </Page>
    );
  return (
    <Page crumbs={crumbs}>
      <Comparison records={records} />
    </Page>
  );
}

function Comparison({ records }: { readonly records: readonly RunRecord[] }) {
  const runs = records.map(({ run }) => run);
  return (
    <Stack gap="lg">
      <Chosen runs={runs} />
      <Tabs defaultValue="curves">
        <Tabs.List>
          <Tabs.Tab value="curves">Curves</Tabs.Tab>
          <Tabs.Tab value="figures">Figures & settings</Tabs.Tab>
          <Tabs.Tab value="pair" leftSection={<IconArrowsDiff size={14} />}>
            Two runs in detail
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="curves" pt="lg">
          <Curves runs={runs} />
        </Tabs.Panel>
        <Tabs.Panel value="figures" pt="lg">
          <Figures runs={runs} />
        </Tabs.Panel>
        <Tabs.Panel value="pair" pt="lg">
          <Pair records={records} />
        </Tabs.Panel>
      </Tabs>
    </Stack>
  );
}

function Chosen({ runs }: { readonly runs: readonly Run[] }) {
  const ids = runs.map(({ id }) => id);
  return (
    <ul className={classes.chosen} aria-label="Compared runs">
      {runs.map((run, position) => (
        <li key={run.id} className={classes.run}>
          <RunSwatch position={position} />
          <Link to={paths.run(run.id)} className={classes.runName}>
            {run.name}
          </Link>
          <StateBadge state={run.status} />
          {runs.length > 2 && (
            <Link
              to={comparePath(ids.filter((id) => id !== run.id))}
              replace
              className={classes.remove}
              aria-label={`Leave out ${run.name}`}
            >
              ×
            </Link>
          )}
        </li>
      ))}
    </ul>
  );
}

function Curves({ runs }: { readonly runs: readonly Run[] }) {
  const [settings, setSettings] = useChartSettings();
  const runIds = runs.map(({ id }) => id);
  const metrics = useProcedure('runs.metrics', { runIds, maximumPoints: 1000 }, { keepPrevious: true });
  // biome-ignore lint/correctness/useExhaustiveDependencies: ids and names are all that the charts read
  const charted = useMemo(
    () => runs.map(({ id, name }) => ({ id, name })),
    [runs.map(({ id, name }) => id + name).join()],
  );
  return (
    <Answered query={metrics}>
      {(series) =>
        series.length === 0 ? (
          <NothingHere title="No points yet">None of these runs has measured anything.</NothingHere>
        ) : (
          <Stack gap="md">
            <ChartSettingsBar settings={settings} onChange={setSettings} />
            <MetricCharts runs={charted} series={series} settings={settings} syncKey="compare" height={240} />
          </Stack>
        )
      }
    </Answered>
  );
}
