import { Button, Group, List, Modal, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { BatchFit, LearningRateSweep } from '../../../main/contract/trial-results.ts';
import { LineChart } from '../../charts/line-chart.tsx';
import { useCommand, useJob, useProcedure } from '../../client/index.ts';
import { formatNumber, formatPlural } from '../../components/format.ts';
import { isLive, JobLine } from '../../components/job-progress.tsx';
import { ErrorState, Loading } from '../../components/states.tsx';

export type TrialKind = 'learning_rate' | 'one_batch';

export interface TrialDialogProps {
  readonly jobId: string | null;
  readonly kind: TrialKind;
  readonly close: () => void;
  readonly onUseRate: (rate: number) => void;
}

const titles: Readonly<Record<TrialKind, string>> = {
  learning_rate: 'Find a learning rate',
  one_batch: 'Learn one batch by heart',
};

/** Starts trials and shows the one that was started. */
export function useTrial() {
  const [trial, setTrial] = useState<{ readonly kind: TrialKind; readonly jobId: string } | null>(null);
  const sweep = useCommand('training.findLearningRate', {
    onSuccess: ({ jobId }) => setTrial({ kind: 'learning_rate', jobId }),
  });
  const fit = useCommand('training.overfitBatch', { onSuccess: ({ jobId }) => setTrial({ kind: 'one_batch', jobId }) });
  return {
    trial,
    pending: sweep.isPending ? 'learning_rate' : fit.isPending ? 'one_batch' : null,
    start: (kind: TrialKind, yaml: string) => (kind === 'learning_rate' ? sweep : fit).mutate({ yaml }),
    close: () => setTrial(null),
  };
}

/** A short training while it goes, and what it found. */
export function TrialDialog({ jobId, kind, close, onUseRate }: TrialDialogProps) {
  const job = useJob(jobId ?? undefined);
  const ended = job?.state === 'FINISHED';
  const found = useProcedure('training.trial', { jobId: jobId ?? '' }, { enabled: jobId !== null && ended });
  const cancel = useCommand('jobs.cancel');
  const leave = () => {
    if (job !== undefined && isLive(job)) cancel.mutate({ id: job.id });
    close();
  };
  return (
    <Modal opened={jobId !== null} onClose={leave} title={titles[kind]} size={720}>
      {job?.error != null ? (
        <ErrorState inline error={job.error} />
      ) : found.error !== null ? (
        <ErrorState inline error={found.error} />
      ) : found.data?.kind === 'learning_rate' ? (
        <Sweep found={found.data} onUse={onUseRate} />
      ) : found.data?.kind === 'one_batch' ? (
        <Fit found={found.data} />
      ) : job === undefined ? (
        <Loading />
      ) : (
        <JobLine job={job} hideTitle />
      )}
    </Modal>
  );
}

function Sweep({ found, onUse }: { readonly found: LearningRateSweep; readonly onUse: (rate: number) => void }) {
  const { rates, losses, smoothed, steepest, divergence, tenthOfDivergence } = found;
  const curve = (id: string, label: string, color: string, y: readonly number[]) => ({ id, label, color, x: rates, y });
  // The last, diverged losses would flatten the curve that the eye is here for.
  const highest = 1.5 * Math.max(...smoothed.slice(0, Math.ceil(smoothed.length / 2)));
  const shown = (values: readonly number[]) => values.map((value) => Math.min(value, highest));
  return (
    <Stack gap="md">
      <Text c="dimmed" size="sm">
        The model was trained for {formatPlural(rates.length, 'step')} while the rate grew from {formatRate(rates[0])}{' '}
        to {formatRate(rates.at(-1))} (Smith 2015). Nothing of it is kept.
      </Text>
      <LineChart
        title="Loss"
        xLabel="learning rate"
        logX
        height={240}
        formatX={formatRate}
        series={[
          curve('smoothed', 'Smoothed loss', 'var(--lb-series-1)', shown(smoothed)),
          { ...curve('raw', 'Loss', 'var(--lb-series-8)', shown(losses)), dashed: true },
        ]}
      />
      <Text size="sm">
        {divergence === null
          ? 'The loss never left its lowest value far behind: the sweep may go higher.'
          : `The loss left its lowest value behind at ${formatRate(divergence)}.`}
      </Text>
      <Group gap="sm">
        {steepest !== null && <Use label="Steepest descent" rate={steepest} onUse={onUse} primary />}
        {tenthOfDivergence !== null && (
          <Use label="A tenth of the divergence" rate={tenthOfDivergence} onUse={onUse} primary={steepest === null} />
        )}
      </Group>
      {steepest === null && tenthOfDivergence === null && (
        <Text size="sm">
          The loss fell at no rate. Try whether the model can learn one batch: that shows what stands in its way.
        </Text>
      )}
    </Stack>
  );
}

function Use(props: {
  readonly label: string;
  readonly rate: number;
  readonly primary: boolean;
  readonly onUse: (rate: number) => void;
}) {
  const { label, rate, primary, onUse } = props;
  return (
    <Button variant={primary ? 'filled' : 'default'} onClick={() => onUse(twoDigits(rate))}>
      Use {formatRate(twoDigits(rate))} · {label.toLowerCase()}
    </Button>
  );
}

const verdicts: Readonly<Record<BatchFit['verdict'], string>> = {
  fits: 'The model can learn: it knows this batch by heart.',
  falling: 'Not yet: the loss was still falling when the steps ran out.',
  stuck: 'The model cannot learn even one batch: the loss came to rest above zero.',
  still: 'The model does not learn: the loss hardly moves.',
  diverged: 'The loss stopped being a number.',
};

function Fit({ found }: { readonly found: BatchFit }) {
  const { losses, verdict, reasons, samples, floor } = found;
  const last = losses.at(-1);
  return (
    <Stack gap="md">
      <Text fw={600} c={verdict === 'fits' ? 'green' : undefined}>
        {verdicts[verdict]}
      </Text>
      <Text c="dimmed" size="sm">
        {formatPlural(samples, 'sample')}, {formatPlural(losses.length, 'step')}
        {last !== undefined && `, loss ${formatNumber(losses[0] ?? 0)} → ${formatNumber(last)}`}
        {floor > 0 && `; label smoothing keeps it above ${formatNumber(floor)}`}.
      </Text>
      <LineChart
        title="Loss"
        xLabel="step"
        height={220}
        logY={losses.every((loss) => loss > 0)}
        series={[
          { id: 'loss', label: 'Loss', color: 'var(--lb-series-1)', x: losses.map((_, step) => step + 1), y: losses },
        ]}
      />
      {reasons.length > 0 && (
        <List size="sm" spacing="xs">
          {reasons.map((reason) => (
            <List.Item key={reason}>{reason}</List.Item>
          ))}
        </List>
      )}
    </Stack>
  );
}

const twoDigits = (rate: number): number => Number(rate.toPrecision(2));

function formatRate(rate: number | undefined): string {
  if (rate === undefined) return '–';
  return rate >= 0.001 ? Number(rate.toPrecision(2)).toString() : rate.toExponential(1).replace('.0', '');
}
