import { SegmentedControl, Stack, Table, Text } from '@mantine/core';
import { useState } from 'react';
import type { Evaluation } from '../../../../main/contract/evaluation.ts';
import { formatCount, formatPercent } from '../../../components/format.ts';
import { Panel } from '../../../components/panel.tsx';
import { ItemThumbnail } from '../../../viewers/item-thumbnail.tsx';
import { className } from '../../../viewers/item-words.ts';
import { Neighbours } from '../../../viewers/neighbours.tsx';
import classes from './evaluation.module.css';

const queryPx = 72;
/** Examples come evenly over the split first, then the mistakes. */
const shownAtOnce = 12;

/** What is found of a few pictures among all others of the split, and how well each class is found. */
export function RetrievalView({ evaluation }: { readonly evaluation: Evaluation }) {
  const [mistakesOnly, setMistakesOnly] = useState(false);
  const { retrieval, datasetDigest } = evaluation;
  if (retrieval === undefined) return null;
  const { classes: names, examples, perClass } = retrieval;
  const wrong = examples.filter(({ label, neighbours }) => neighbours[0]?.label !== label);
  const shown = (mistakesOnly ? wrong : examples).slice(0, shownAtOnce);
  return (
    <Stack gap="lg">
      <Panel
        title="Nearest pictures"
        aside={
          <SegmentedControl
            aria-label="Which pictures"
            value={mistakesOnly ? 'mistakes' : 'all'}
            onChange={(value) => setMistakesOnly(value === 'mistakes')}
            data={[
              { value: 'all', label: 'Some of all' },
              { value: 'mistakes', label: 'Nearest one wrong' },
            ]}
          />
        }
      >
        <Stack gap="sm">
          <Text size="xs" c="dimmed">
            Left, a picture of the split; beside it what lies nearest among all others, with the cosine similarity.
          </Text>
          {shown.length === 0 && <Text c="dimmed">There are none among the examples.</Text>}
          {shown.map(({ index, label, neighbours }) => (
            <div key={index} className={classes.query}>
              <figure className={classes.asked}>
                <ItemThumbnail datasetDigest={datasetDigest} index={index} sizePx={queryPx} />
                <figcaption>{className(names, label)}</figcaption>
              </figure>
              <Neighbours datasetDigest={datasetDigest} classes={names} label={label} neighbours={neighbours} />
            </div>
          ))}
        </Stack>
      </Panel>
      <Panel title="How well each class is found" flush>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Class</Table.Th>
              <Table.Th ta="right">Recall at 1</Table.Th>
              <Table.Th ta="right">mAP at R</Table.Th>
              <Table.Th ta="right">Pictures</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {perClass.map((row) => (
              <Table.Tr key={row.label}>
                <Table.Td>{row.label}</Table.Td>
                <Table.Td ta="right">{formatPercent(row.recallAt1, 1)}</Table.Td>
                <Table.Td ta="right">{formatPercent(row.meanAveragePrecisionAtR, 1)}</Table.Td>
                <Table.Td ta="right">{formatCount(row.queries)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Panel>
    </Stack>
  );
}
