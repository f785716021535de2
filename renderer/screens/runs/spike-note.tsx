import { Alert } from '@mantine/core';
import { IconActivity } from '@tabler/icons-react';
import type { MetricSeries } from '../../../main/contract/training.ts';
import { formatCount, formatNumber } from '../../components/format.ts';

/** A sentence about losses that jumped; nothing when none did. */
export function SpikeNote({ series }: { readonly series: readonly MetricSeries[] }) {
  const spikes = series.find(({ key }) => key === 'loss_spike');
  if (spikes === undefined || spikes.values.length === 0) return null;
  const largest = Math.max(...spikes.values);
  const step = spikes.steps[spikes.values.indexOf(largest)] ?? 0;
  const count = spikes.values.length;
  return (
    <Alert
      color="yellow"
      icon={<IconActivity size={18} />}
      title={count === 1 ? 'The loss jumped' : `The loss jumped ${formatCount(count)} times`}
    >
      {count === 1 ? 'It rose' : 'The largest jump rose'} to {formatNumber(largest)} robust deviations above the median
      of the hundred steps before, up to step {formatCount(step)}. A lower learning rate, warm-up or clipping the
      gradients usually calms it; a single batch with odd samples can do the same.
    </Alert>
  );
}
