import { Alert, Badge, Group, ScrollArea, SimpleGrid, Stack, Table } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { Inspection } from '../../../../main/contract/datasets.ts';
import { formatCount } from '../../../components/format.ts';
import { Fact } from '../../../components/small.tsx';

const classesShown = 24;
const previewRows = 6;

/** What the source is, before anything is written. */
export function ImportPreview({ inspection }: { readonly inspection: Inspection }) {
  const { format, kind, rows, classes, schema, givenSplits, preview, warnings, path } = inspection;
  return (
    <Stack gap="md">
      <SimpleGrid cols={4} spacing="md">
        <Fact label="Format">{format}</Fact>
        <Fact label="Kind">{kind}</Fact>
        <Fact label="Rows">{rows === null ? 'counted during import' : formatCount(rows)}</Fact>
        <Fact label="Splits in the source">{givenSplits.length === 0 ? 'none' : givenSplits.join(', ')}</Fact>
      </SimpleGrid>
      <Fact label="Source">{path}</Fact>
      {classes.length > 0 && (
        <Fact label={`${formatCount(classes.length)} classes`}>
          <Group gap={4} mt={2}>
            {classes.slice(0, classesShown).map((name) => (
              <Badge key={name} color="gray">
                {name}
              </Badge>
            ))}
            {classes.length > classesShown && <Badge color="gray">+{classes.length - classesShown}</Badge>}
          </Group>
        </Fact>
      )}
      {preview.length > 0 && (
        <ScrollArea type="auto">
          <Table fz="xs" withTableBorder>
            <Table.Thead>
              <Table.Tr>
                {schema.map((column) => (
                  <Table.Th key={column.name}>{column.name}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {preview.slice(0, previewRows).map((row, number) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: rows of a preview have no identity
                <Table.Tr key={number}>
                  {schema.map((column) => (
                    <Table.Td key={column.name}>
                      {row[column.name] === null ? '' : String(row[column.name] ?? '')}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </ScrollArea>
      )}
      {warnings.map((warning) => (
        <Alert key={warning} color="yellow" icon={<IconAlertTriangle size={16} />} p="sm">
          {warning}
        </Alert>
      ))}
    </Stack>
  );
}
