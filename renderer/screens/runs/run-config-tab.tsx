import { Badge, Button, CopyButton, Stack, Table, Text } from '@mantine/core';
import { IconCopy } from '@tabler/icons-react';
import { formatMetric, metricTitle } from '../../charts/metric-groups.ts';
import { YamlEditor } from '../../components/editor/index.tsx';
import { formatBytes, formatCount, formatNumber } from '../../components/format.ts';
import { Panel } from '../../components/panel.tsx';
import { formatQuantity } from '../../components/quantity.ts';
import { Digest, When } from '../../components/small.tsx';
import { ArchitectureView } from '../../viewers/architecture/index.ts';
import classes from './run.module.css';
import type { RunTabProps } from './run-tab.ts';

/** What the run was told, what was built from it, and what it saved. */
export function RunConfigTab({ record }: RunTabProps) {
  const { yaml, summary, checkpoints } = record;
  return (
    <div className={classes.columns}>
      <Panel
        title="Config"
        flush
        aside={
          <CopyButton value={yaml}>
            {({ copied, copy }) => (
              <Button variant="subtle" leftSection={<IconCopy size={14} />} onClick={copy}>
                {copied ? 'Copied' : 'Copy'}
              </Button>
            )}
          </CopyButton>
        }
      >
        <div className={classes.config}>
          <YamlEditor label="Run config, read-only" value={yaml} readOnly />
        </div>
      </Panel>
      <Stack gap="lg">
        <Panel
          flush
          title="Model"
          aside={
            <Text c="dimmed">
              {formatCount(summary.parameters)} parameters · {formatQuantity(summary.flops)} FLOPs ·{' '}
              {formatBytes(summary.memoryBytes)}
            </Text>
          }
        >
          {summary.flow !== undefined && (
            <div className={classes.architecture}>
              <ArchitectureView summary={summary} />
            </div>
          )}
          <Table.ScrollContainer type="native" tabIndex={0} minWidth={380}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Layer</Table.Th>
                  <Table.Th>Output</Table.Th>
                  <Table.Th ta="right">Parameters</Table.Th>
                  <Table.Th ta="right">FLOPs</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {summary.layers.map((layer, position) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: layers have no identity but their place
                  <Table.Tr key={position}>
                    <Table.Td>{layer.kind}</Table.Td>
                    <Table.Td className={classes.mono}>{layer.outputShape.join(' × ')}</Table.Td>
                    <Table.Td ta="right">{layer.parameters === 0 ? '–' : formatCount(layer.parameters)}</Table.Td>
                    <Table.Td ta="right">{layer.flops === 0 ? '–' : formatQuantity(layer.flops)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </Panel>
        <Panel title="Checkpoints" flush>
          {checkpoints.length === 0 ? (
            <Text c="dimmed" p="lg">
              None yet. The first is written after the steps that the config says, and at the end of every epoch.
            </Text>
          ) : (
            <Table.ScrollContainer type="native" tabIndex={0} minWidth={380}>
              <Table>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Digest</Table.Th>
                    <Table.Th ta="right">Step</Table.Th>
                    <Table.Th ta="right">Epoch</Table.Th>
                    <Table.Th>Measured</Table.Th>
                    <Table.Th ta="right">Size</Table.Th>
                    <Table.Th>Written</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {checkpoints.map((checkpoint) => (
                    <Table.Tr key={checkpoint.digest}>
                      <Table.Td>
                        <Digest value={checkpoint.digest} label="Checkpoint" />{' '}
                        {checkpoint.best && <Badge color="green">best</Badge>}
                      </Table.Td>
                      <Table.Td ta="right">{formatCount(checkpoint.step)}</Table.Td>
                      <Table.Td ta="right">{formatNumber(checkpoint.epoch)}</Table.Td>
                      <Table.Td>
                        {Object.entries(checkpoint.metrics)
                          .slice(0, 2)
                          .map(([key, value]) => `${metricTitle(key)} ${formatMetric(key, value)}`)
                          .join(', ')}
                      </Table.Td>
                      <Table.Td ta="right">{formatBytes(checkpoint.sizeBytes)}</Table.Td>
                      <Table.Td>
                        <When time={checkpoint.createdAt} />
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          )}
        </Panel>
      </Stack>
    </div>
  );
}
