import { Text } from '@mantine/core';
import type { Run } from '../../../main/contract/training.ts';
import { useProcedure } from '../../client/index.ts';
import { formatCount } from '../../components/format.ts';
import { Panel } from '../../components/panel.tsx';
import { SampleSheet } from '../../viewers/sample-sheet.tsx';
import classes from './evaluation/evaluation.module.css';

const REFRESH_MS = 10_000;

/** What a generative model drew from the same noise while it learned. */
export function SampleHistoryPanel({ run }: { readonly run: Run }) {
  const drawn = useProcedure(
    'runs.samples',
    { runId: run.id },
    {
      enabled: run.task === 'image-generation',
      ...(run.status === 'RUNNING' ? { refetchIntervalMs: REFRESH_MS } : {}),
    },
  );
  const history = drawn.data;
  if (history == null) return null;
  const { rows, columns, moments, ...size } = history;
  return (
    <Panel title="Drawn along the way" aside={<Text c="dimmed">always from the same noise</Text>}>
      <div className={classes.pictures}>
        {moments.map(({ step, pixels }) => (
          <figure key={step} className={classes.figure}>
            <SampleSheet
              {...size}
              samples={rows * columns}
              columns={columns}
              pixels={pixels}
              label={`${rows * columns} pictures drawn after step ${step}`}
            />
            <Text component="figcaption" size="xs" c="dimmed">
              Step {formatCount(step)}
            </Text>
          </figure>
        ))}
      </div>
    </Panel>
  );
}
