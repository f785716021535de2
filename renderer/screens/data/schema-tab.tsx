import { Badge, Group, SimpleGrid, Table, Text } from '@mantine/core';
import type { DatasetVersion } from '../../../main/contract/datasets.ts';
import { Bars } from '../../components/bars.tsx';
import { formatBytes, formatCount, formatPercent } from '../../components/format.ts';
import { Panel } from '../../components/panel.tsx';
import { Fact, When } from '../../components/small.tsx';
import { splitNames } from '../../viewers/item-words.ts';
import { TabContent } from './tab-content.tsx';

const splitColors = {
  train: 'var(--lb-series-1)',
  validation: 'var(--lb-series-3)',
  test: 'var(--lb-series-2)',
} as const;

const categoriesShown = 12;

/** What the data is: source, columns, splits and how the classes are spread over them. */
export function SchemaTab({ dataset }: { readonly dataset: DatasetVersion }) {
  const { image, splits, classes } = dataset;
  return (
    <TabContent>
      <Panel>
        <SimpleGrid cols={{ base: 3, lg: 4 }} spacing="lg">
          <Fact label="Rows">{formatCount(dataset.rows)}</Fact>
          <Fact label="Size">{formatBytes(dataset.sizeBytes)}</Fact>
          {image !== null && (
            <Fact label="Images">
              {image.width === null || image.height === null ? 'various sizes' : `${image.width} × ${image.height}`},{' '}
              {image.channels === 1 ? 'grey' : `${image.channels} channels`}
            </Fact>
          )}
          <Fact label="Label column">{dataset.target ?? '–'}</Fact>
          <Fact label="Licence">{dataset.licence || 'not given'}</Fact>
          <Fact label="Imported">
            <When time={dataset.createdAt} /> by {dataset.createdBy}
          </Fact>
          <Fact label="Format">{dataset.source.format}</Fact>
          <Fact label="Source">{dataset.source.uri}</Fact>
        </SimpleGrid>
        {dataset.description !== '' && (
          <Text mt="lg" c="dimmed">
            {dataset.description}
          </Text>
        )}
      </Panel>
      <Panel title="Splits">
        <Bars
          parts={[{ name: 'Rows', color: 'var(--lb-series-1)' }]}
          bars={splits.map((part) => ({
            label: `${splitNames[part.split]} · ${formatPercent(dataset.rows === 0 ? 0 : part.count / dataset.rows, 1)}`,
            values: [part.count],
          }))}
        />
      </Panel>
      {classes.length > 0 && (
        <Panel title={`${formatCount(classes.length)} classes`}>
          <Bars
            parts={splits.map((part) => ({ name: splitNames[part.split], color: splitColors[part.split] }))}
            bars={classes.map((label, index) => ({
              label,
              values: splits.map((part) => part.classCounts[index] ?? 0),
            }))}
          />
        </Panel>
      )}
      <Panel title="Schema" flush>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Column</Table.Th>
              <Table.Th>Type</Table.Th>
              <Table.Th>Missing values</Table.Th>
              <Table.Th>Categories</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {dataset.schema.map((column) => (
              <Table.Tr key={column.name}>
                <Table.Td fw={column.name === dataset.target ? 600 : 400}>
                  {column.name} {column.name === dataset.target && <Badge>label</Badge>}
                </Table.Td>
                <Table.Td c="dimmed">{column.type}</Table.Td>
                <Table.Td c="dimmed">{column.nullable ? 'allowed' : 'none'}</Table.Td>
                <Table.Td>
                  <Group gap={4}>
                    {column.categories?.slice(0, categoriesShown).map((category) => (
                      <Badge key={category} color="gray">
                        {category}
                      </Badge>
                    ))}
                    {(column.categories?.length ?? 0) > categoriesShown && (
                      <Badge color="gray">+{(column.categories?.length ?? 0) - categoriesShown}</Badge>
                    )}
                  </Group>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Panel>
    </TabContent>
  );
}
