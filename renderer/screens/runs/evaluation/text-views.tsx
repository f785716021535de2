import { SegmentedControl, Stack, Table, Text } from '@mantine/core';
import { useState } from 'react';
import type { Evaluation } from '../../../../main/contract/evaluation.ts';
import { useProcedure } from '../../../client/index.ts';
import { formatCount, formatPercent } from '../../../components/format.ts';
import { Panel } from '../../../components/panel.tsx';
import { paths } from '../../../components/paths.ts';
import { Answered } from '../../../components/states.tsx';
import { TextLink } from '../../../components/text-link.tsx';
import { itemFilterToSearch } from '../../../viewers/item-filter.ts';
import { className } from '../../../viewers/item-words.ts';
import classes from './evaluation.module.css';

const shownMistakes = 12;
const shownCharacters = 240;

/** What a language model writes by itself. */
export function LanguageView({ evaluation }: { readonly evaluation: Evaluation }) {
  if (evaluation.language === undefined) return null;
  return (
    <Panel
      title="What the model writes"
      aside={<Text c="dimmed">after the pale words, always the most probable token</Text>}
    >
      <Stack gap="md">
        {evaluation.language.samples.map(({ prompt, text }) => (
          <pre key={prompt} className={classes.text}>
            <span className={classes.prompt}>{prompt}</span>
            {text}
          </pre>
        ))}
      </Stack>
    </Panel>
  );
}

/** What the model makes of sources that it never learned from, beside what was asked for. */
export function SequenceView({ evaluation }: { readonly evaluation: Evaluation }) {
  const [mistakesOnly, setMistakesOnly] = useState(false);
  const { sequence } = evaluation;
  if (sequence === undefined) return null;
  const shown = sequence.examples.filter(({ errors }) => !mistakesOnly || errors > 0);
  return (
    <Panel
      title="What the model writes"
      aside={
        <SegmentedControl
          aria-label="Which examples"
          value={mistakesOnly ? 'mistakes' : 'all'}
          onChange={(value) => setMistakesOnly(value === 'mistakes')}
          data={[
            { value: 'all', label: `${sequence.examples.length} examples` },
            { value: 'mistakes', label: 'Mistakes' },
          ]}
        />
      }
      flush
    >
      {shown.length === 0 ? (
        <Text c="dimmed" p="md">
          There are none among the examples.
        </Text>
      ) : (
        <Table verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Source</Table.Th>
              <Table.Th>Written</Table.Th>
              <Table.Th>Target</Table.Th>
              <Table.Th ta="right">Tokens wrong</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {shown.map(({ source, target, written, errors }) => (
              <Table.Tr key={source}>
                <Table.Td>{source.slice(0, shownCharacters)}</Table.Td>
                <Table.Td fw={errors > 0 ? 600 : undefined}>{written.slice(0, shownCharacters)}</Table.Td>
                <Table.Td>{target.slice(0, shownCharacters)}</Table.Td>
                <Table.Td ta="right">{errors === 0 ? '–' : errors}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Panel>
  );
}

interface TextMistakesProps {
  readonly evaluation: Evaluation;
  /** The column of the text. */
  readonly column: string;
  readonly classes: readonly string[];
}

/** Texts that were taken for another class, those first that the model was sure of. */
export function TextMistakes({ evaluation, column, classes: names }: TextMistakesProps) {
  const { datasetDigest, runId, split } = evaluation;
  const filter = { runId, correct: false, splits: [split], sort: 'confidence_descending' as const };
  const found = useProcedure('datasets.items', { digest: datasetDigest, filter });
  const indices = found.data?.indices.slice(0, shownMistakes) ?? [];
  const rows = useProcedure(
    'datasets.rows',
    { digest: datasetDigest, indices, runId },
    { enabled: indices.length > 0, keepPrevious: true },
  );
  return (
    <Panel
      title="Most confident mistakes"
      aside={
        found.data !== undefined &&
        found.data.total > 0 && (
          <TextLink to={paths.dataset(datasetDigest, itemFilterToSearch(filter))}>
            All {formatCount(found.data.total)} mistakes
          </TextLink>
        )
      }
      flush
    >
      <Answered query={found}>
        {({ total }) =>
          total === 0 ? (
            <Text c="dimmed" p="md">
              There are none on this split.
            </Text>
          ) : (
            <Table verticalSpacing="xs">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Text</Table.Th>
                  <Table.Th>Label</Table.Th>
                  <Table.Th>Predicted</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {rows.data?.map((item) => (
                  <Table.Tr key={item.index}>
                    <Table.Td>{String(item.values?.[column] ?? '').slice(0, shownCharacters)}</Table.Td>
                    <Table.Td>{className(names, item.currentLabel)}</Table.Td>
                    <Table.Td>
                      {className(names, item.predicted)} {formatPercent(item.confidence, 0)}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          )
        }
      </Answered>
    </Panel>
  );
}
