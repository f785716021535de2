import { Group, ScrollArea, SegmentedControl, Table, Text } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import type { ModelSummary } from '../../../main/contract/training.ts';
import { formatBytes, formatCount } from '../../components/format.ts';
import { formatQuantity } from '../../components/quantity.ts';
import { Fact } from '../../components/small.tsx';
import { ArchitectureView } from '../../viewers/architecture/index.ts';
import classes from './train.module.css';

export interface ModelPreviewProps {
  readonly summary: ModelSummary;
  /** The text has problems: this is the last architecture that had none. */
  readonly stale: boolean;
}

const visibleShare = 0.02;

/** The architecture as it would be trained: layers, shapes, parameters, cost. */
export function ModelPreview({ summary, stale }: ModelPreviewProps) {
  const [form, setForm] = useLocalStorage<'graph' | 'table'>({
    key: 'lightbench.architecture.form',
    defaultValue: 'graph',
    getInitialValueInEffect: false,
  });
  return (
    <div className={classes.preview} data-stale={stale || undefined}>
      <Group gap="xl" className={classes.facts}>
        <Fact label="Parameters">
          {summary.provisional ? 'about ' : ''}
          {formatCount(summary.parameters)}
        </Fact>
        <Fact label="FLOPs per sample">{formatQuantity(summary.flops)}</Fact>
        <Fact label="Memory, estimated">{formatBytes(summary.memoryBytes)}</Fact>
        <Fact label="Layers">{summary.layers.length}</Fact>
        <SegmentedControl
          size="xs"
          className={classes.form}
          aria-label="Form of the architecture"
          value={form}
          onChange={(value) => setForm(value === 'table' ? 'table' : 'graph')}
          data={[
            { value: 'graph', label: 'Graph' },
            { value: 'table', label: 'Table' },
          ]}
        />
      </Group>
      {form === 'graph' && summary.flow !== undefined ? (
        <div className={classes.graph}>
          <ArchitectureView summary={summary} />
        </div>
      ) : (
        <LayerTable summary={summary} />
      )}
    </div>
  );
}

/** What the graph shows, row by row. */
function LayerTable({ summary }: Pick<ModelPreviewProps, 'summary'>) {
  const largest = Math.max(1, ...summary.layers.map((layer) => layer.parameters));
  const costliest = Math.max(1, ...summary.layers.map((layer) => layer.flops));
  return (
    <ScrollArea className={classes.layers} viewportProps={{ tabIndex: 0, 'aria-label': 'Layers' }}>
      <Table stickyHeader verticalSpacing={5}>
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
              <Table.Td>
                <Text size="sm">{layer.kind}</Text>
                {layer.name !== layer.kind && (
                  <Text size="xs" c="dimmed">
                    {layer.name}
                  </Text>
                )}
              </Table.Td>
              <Table.Td className={classes.shape}>{layer.outputShape.join(' × ')}</Table.Td>
              <Table.Td ta="right">
                <Amount value={layer.parameters} share={layer.parameters / largest} />
              </Table.Td>
              <Table.Td ta="right">
                <Amount value={layer.flops} share={layer.flops / costliest} compact />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea>
  );
}

function Amount({
  value,
  share,
  compact = false,
}: {
  readonly value: number;
  readonly share: number;
  readonly compact?: boolean;
}) {
  if (value === 0) return <Text c="dimmed">–</Text>;
  return (
    <div className={classes.amount}>
      {compact ? formatQuantity(value) : formatCount(value)}
      {share >= visibleShare && <span className={classes.share} style={{ width: `${share * 100}%` }} />}
    </div>
  );
}
