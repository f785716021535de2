import { Button, Group, Select, SimpleGrid, Stack, Table } from '@mantine/core';
import { IconArrowsExchange } from '@tabler/icons-react';
import { useState } from 'react';
import type { ProcedureOutput } from '../../../main/contract/index.ts';
import { formatMetric, metricTitle } from '../../charts/metric-groups.ts';
import { DiffView } from '../../components/editor/index.tsx';
import { Panel } from '../../components/panel.tsx';
import classes from './compare.module.css';
import { change, metricDifferences } from './run-differences.ts';

type RunRecord = ProcedureOutput<'runs.get'>;

/** Config and figures of two runs, line by line. */
export function Pair({ records }: { readonly records: readonly RunRecord[] }) {
  const [chosen, setChosen] = useState<readonly [string, string]>([records[0]?.run.id ?? '', records[1]?.run.id ?? '']);
  const [first, second] = chosen.map((id) => records.find(({ run }) => run.id === id));
  const options = records.map(({ run }) => ({ value: run.id, label: run.name }));
  if (first === undefined || second === undefined) return null;
  const rows = metricDifferences([first.run, second.run]);
  return (
    <Stack gap="lg">
      <Group gap="sm" align="flex-end">
        <Select
          label="First"
          w={300}
          allowDeselect={false}
          data={options}
          value={chosen[0]}
          onChange={(id) => id !== null && setChosen([id, chosen[1]])}
        />
        <Button
          variant="default"
          aria-label="Swap the two runs"
          onClick={() => setChosen([chosen[1], chosen[0]])}
          px="sm"
        >
          <IconArrowsExchange size={15} />
        </Button>
        <Select
          label="Second"
          w={300}
          allowDeselect={false}
          data={options}
          value={chosen[1]}
          onChange={(id) => id !== null && setChosen([chosen[0], id])}
        />
      </Group>
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="lg">
        <Panel title="Config" flush>
          <div className={classes.diff}>
            <DiffView original={first.yaml} modified={second.yaml} label="Config" />
          </div>
        </Panel>
        <Panel title="Figures" flush>
          <Table verticalSpacing={5}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Metric</Table.Th>
                <Table.Th ta="right">First</Table.Th>
                <Table.Th ta="right">Second</Table.Th>
                <Table.Th ta="right">Change</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map(({ key, values: [from, to] }) => {
                const difference = change(key, from, to);
                return (
                  <Table.Tr key={key}>
                    <Table.Td>{metricTitle(key)}</Table.Td>
                    <Table.Td ta="right">{formatMetric(key, from)}</Table.Td>
                    <Table.Td ta="right">{formatMetric(key, to)}</Table.Td>
                    <Table.Td ta="right" className={classes.change} data-better={difference?.better ?? undefined}>
                      {difference === null ? '–' : signed(key, difference.difference)}
                    </Table.Td>
                  </Table.Tr>
                );
              })}
            </Table.Tbody>
          </Table>
        </Panel>
      </SimpleGrid>
    </Stack>
  );
}

/** With its sign; a difference of percentages is in percentage points. */
function signed(key: string, difference: number): string {
  const sign = difference > 0 ? '+' : difference < 0 ? '−' : '';
  return `${sign}${formatMetric(key, Math.abs(difference)).replace(' %', ' pp')}`;
}
