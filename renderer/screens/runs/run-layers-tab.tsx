import { Group, Select, Table, Text } from '@mantine/core';
import { useEffect, useMemo, useRef, useState } from 'react';
import { formatCount, formatNumber, formatPercent } from '../../components/format.ts';
import { Panel } from '../../components/panel.tsx';
import { NothingHere } from '../../components/states.tsx';
import type { ColorMapName } from '../../theme/color-maps.ts';
import { colorMapGradient, sampleColorMap } from '../../theme/color-maps.ts';
import type { LayerFigure, LayerOrder, LayerRow, LayerScale } from './layer-series.ts';
import { extentOf, layerFigures, layerOrders, layerRows, position } from './layer-series.ts';
import classes from './run-layers-tab.module.css';
import type { RunTabProps } from './run-tab.ts';

const maps: Readonly<Record<LayerScale, ColorMapName>> = {
  logarithmic: 'viridis',
  share: 'magma',
  diverging: 'coolwarm',
};

/** What each layer did over the course of the run: one row a layer, one cell a look. */
export function LayersTab({ run, record, live }: RunTabProps) {
  const [figure, setFigure] = useState<LayerFigure>('gradientNorm');
  const [order, setOrder] = useState<LayerOrder>('execution');
  const { layers } = record.summary;
  const paths = useMemo(() => layers.map(({ name }) => name), [layers]);
  const rows = useMemo(() => layerRows(live.series, figure, order, paths), [live.series, figure, order, paths]);
  const { scale } = layerFigures.find(({ value }) => value === figure) ?? layerFigures[0];
  const [lowest, highest] = extentOf(rows, scale);
  const kinds = new Map(layers.map(({ name, kind }) => [name, kind]));
  const format = scale === 'share' ? (value: number) => formatPercent(value, 1) : formatNumber;
  if (!live.series.some(({ key }) => key.startsWith('layer.')))
    return (
      <NothingHere title="Nothing is known of the layers yet">
        {run.status === 'RUNNING' || run.status === 'SCHEDULED'
          ? 'The first look comes after twenty steps, then about a hundred more over the run.'
          : 'This run ended before the first look, or is from before layers were looked at.'}
      </NothingHere>
    );
  const steps = rows[0]?.steps ?? [];
  return (
    <Panel
      flush
      title="Layers"
      aside={
        <Group gap="sm" wrap="nowrap">
          <Select
            aria-label="Figure"
            w={180}
            allowDeselect={false}
            value={figure}
            onChange={(value) => value !== null && setFigure(value as LayerFigure)}
            data={layerFigures.map(({ value, label }) => ({ value, label }))}
          />
          <Select
            aria-label="Order"
            w={200}
            allowDeselect={false}
            value={order}
            onChange={(value) => value !== null && setOrder(value as LayerOrder)}
            data={layerOrders.map(({ value, label }) => ({ value, label }))}
          />
        </Group>
      }
    >
      <Group className={classes.legend} justify="space-between" wrap="nowrap">
        <Text size="xs" c="dimmed">
          {formatCount(steps.length)} looks, steps {formatCount(steps[0] ?? 0)} to {formatCount(steps.at(-1) ?? 0)}, at
          up to 32 samples of the batch
        </Text>
        <Group gap={8} wrap="nowrap">
          <Text size="xs" c="dimmed">
            {format(scale === 'diverging' ? -Math.max(-lowest, highest) : lowest)}
          </Text>
          <span className={classes.scale} style={{ background: colorMapGradient(maps[scale]) }} />
          <Text size="xs" c="dimmed">
            {format(scale === 'diverging' ? Math.max(-lowest, highest) : highest)}
            {scale === 'logarithmic' && ', logarithmic'}
          </Text>
        </Group>
      </Group>
      <Table.ScrollContainer type="native" tabIndex={0} minWidth={560}>
        <Table verticalSpacing={4} className={classes.table}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={280}>Layer</Table.Th>
              <Table.Th>Over the run</Table.Th>
              <Table.Th ta="right" w={96}>
                First
              </Table.Th>
              <Table.Th ta="right" w={96}>
                Last
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => (
              <Table.Tr key={row.path}>
                <Table.Td className={classes.layer} title={row.path}>
                  {kinds.get(row.path) ?? 'Weights'}{' '}
                  <Text span size="xs" c="dimmed">
                    {row.path}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <Strip row={row} scale={scale} lowest={lowest} highest={highest} />
                </Table.Td>
                <Table.Td ta="right">{format(row.values[0] ?? 0)}</Table.Td>
                <Table.Td ta="right">{format(row.values.at(-1) ?? 0)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Panel>
  );
}

interface StripProps {
  readonly row: LayerRow;
  readonly scale: LayerScale;
  readonly lowest: number;
  readonly highest: number;
}

/** One pixel a look, stretched. */
function Strip({ row, scale, lowest, highest }: StripProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (context == null || row.values.length === 0) return;
    const image = context.createImageData(row.values.length, 1);
    row.values.forEach((value, place) => {
      image.data.set([...sampleColorMap(maps[scale], position(value, scale, lowest, highest)), 255], place * 4);
    });
    context.putImageData(image, 0, 0);
  }, [row, scale, lowest, highest]);
  return (
    <canvas ref={canvas} className={classes.strip} width={Math.max(1, row.values.length)} height={1} aria-hidden />
  );
}
