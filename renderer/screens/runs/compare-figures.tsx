import { Checkbox, Stack, Table, Text } from '@mantine/core';
import { useState } from 'react';
import type { Run } from '../../../main/contract/training.ts';
import { formatMetric, metricTitle } from '../../charts/metric-groups.ts';
import { Panel } from '../../components/panel.tsx';
import classes from './compare.module.css';
import { paramText } from './run-columns.ts';
import { metricDifferences, paramDifferences } from './run-differences.ts';
import { RunSwatch } from './run-swatch.tsx';

/** The figures of all runs, the best marked, and the settings in which they differ. */
export function Figures({ runs }: { readonly runs: readonly Run[] }) {
  const [all, setAll] = useState(false);
  const metrics = metricDifferences(runs);
  const params = paramDifferences(runs, all);
  return (
    <Stack gap="lg">
      <Panel title="Figures" flush>
        <Matrix
          label="Figures of the runs"
          runs={runs}
          rows={metrics.map(({ key, values, best }) => ({
            key,
            title: metricTitle(key),
            cells: values.map((value) => formatMetric(key, value)),
            best,
          }))}
          empty="None of these runs has measured anything."
        />
      </Panel>
      <Panel
        title="Settings"
        flush
        aside={
          <Checkbox
            label="Also where they agree"
            checked={all}
            onChange={(event) => setAll(event.currentTarget.checked)}
          />
        }
      >
        <Matrix
          label="Settings of the runs"
          runs={runs}
          rows={params.map(({ key, values }) => ({
            key,
            title: key,
            cells: values.map((value) => (value === undefined ? '–' : paramText(value))),
            best: null,
          }))}
          empty="These runs were set up alike."
        />
      </Panel>
    </Stack>
  );
}

interface MatrixRow {
  readonly key: string;
  readonly title: string;
  readonly cells: readonly string[];
  readonly best: number | null;
}

interface MatrixProps {
  readonly label: string;
  readonly runs: readonly Run[];
  readonly rows: readonly MatrixRow[];
  readonly empty: string;
}

function Matrix({ label, runs, rows, empty }: MatrixProps) {
  if (rows.length === 0)
    return (
      <Text c="dimmed" p="lg">
        {empty}
      </Text>
    );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways
    <section className={classes.scroller} tabIndex={0} aria-label={label}>
      <Table verticalSpacing={5} stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th className={classes.key}>Name</Table.Th>
            {runs.map((run, position) => (
              <Table.Th key={run.id} ta="right">
                <span className={classes.column}>
                  <RunSwatch position={position} />
                  {run.name}
                </span>
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.key}>
              <Table.Td className={classes.key}>{row.title}</Table.Td>
              {row.cells.map((cell, position) => (
                <Table.Td
                  // biome-ignore lint/suspicious/noArrayIndexKey: one cell per run, in the order of the runs
                  key={position}
                  ta="right"
                  className={classes.cell}
                  data-best={row.best === position || undefined}
                >
                  {cell}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}
