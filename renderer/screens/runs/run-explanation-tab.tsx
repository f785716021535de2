import { ActionIcon, Group, Stack, Text } from '@mantine/core';
import { IconChevronLeft, IconChevronRight, IconEyeSearch } from '@tabler/icons-react';
import { useSearchParams } from 'react-router';
import { useProcedure } from '../../client/index.ts';
import { formatCount } from '../../components/format.ts';
import { NumberField } from '../../components/number-field.tsx';
import { Panel } from '../../components/panel.tsx';
import { useScreenActions } from '../../components/screen-actions.ts';
import { NothingHere } from '../../components/states.tsx';
import { ExplanationPanel } from '../../viewers/explanation/index.tsx';
import { MistakeStrip } from './mistake-strip.tsx';
import type { RunTabProps } from './run-tab.ts';

/** Why the run's best checkpoint says what it says of one image. */
export function ExplanationTab({ run }: RunTabProps) {
  const [search, setSearch] = useSearchParams();
  const dataset = useProcedure(
    'datasets.get',
    { digest: run.datasetDigest },
    { staleTimeMs: Number.POSITIVE_INFINITY },
  );
  const evaluations = useProcedure('evaluation.list', { runId: run.id });
  const evaluation = evaluations.data?.find(({ split }) => split === 'test') ?? evaluations.data?.[0];
  const rows = dataset.data?.rows ?? 0;
  const first = useProcedure(
    'datasets.items',
    { digest: run.datasetDigest, filter: { splits: [evaluation?.split ?? 'test'] } },
    { enabled: !search.has('item'), staleTimeMs: Number.POSITIVE_INFINITY },
  );
  const written = search.get('item');
  const index = written === null ? (first.data?.indices[0] ?? 0) : Number(written);
  const show = (next: number) => {
    if (Number.isInteger(next) && next >= 0 && next < rows) setSearch({ item: String(next) }, { replace: true });
  };
  useScreenActions('Explanation', [
    {
      id: 'previous',
      label: 'Explain the previous item',
      shortcut: 'left',
      inPalette: false,
      run: () => show(index - 1),
    },
    { id: 'next', label: 'Explain the next item', shortcut: 'right', inPalette: false, run: () => show(index + 1) },
  ]);

  if (run.bestCheckpoint === null)
    return (
      <NothingHere icon={<IconEyeSearch size={28} />} title="Nothing to explain yet">
        A run can be explained once it has a checkpoint.
      </NothingHere>
    );
  if (run.task !== 'image-classification')
    return (
      <NothingHere icon={<IconEyeSearch size={28} />} title="Explanations are for classes of pictures">
        This run tells none. Its config and its evaluation say what can be said of it.
      </NothingHere>
    );
  return (
    <Stack gap="lg">
      <Panel
        title={`Item ${formatCount(index)}`}
        aside={
          <Group gap={4} wrap="nowrap">
            <ActionIcon aria-label="Previous item" disabled={index <= 0} onClick={() => show(index - 1)}>
              <IconChevronLeft size={16} />
            </ActionIcon>
            <NumberField
              w={96}
              aria-label="Item number"
              hideControls
              allowDecimal={false}
              allowNegative={false}
              max={Math.max(0, rows - 1)}
              value={index}
              onValue={show}
            />
            <ActionIcon aria-label="Next item" disabled={index >= rows - 1} onClick={() => show(index + 1)}>
              <IconChevronRight size={16} />
            </ActionIcon>
            <Text size="xs" c="dimmed" miw={72}>
              of {formatCount(rows)}
            </Text>
          </Group>
        }
      >
        <ExplanationPanel datasetDigest={run.datasetDigest} index={index} model={{ runId: run.id }} />
      </Panel>
      {evaluation !== undefined && (
        <MistakeStrip
          datasetDigest={run.datasetDigest}
          runId={run.id}
          split={evaluation.split}
          classes={evaluation.classification?.classes ?? []}
        />
      )}
    </Stack>
  );
}
