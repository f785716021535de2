import { Text, Timeline } from '@mantine/core';
import type { AliasChange } from '../../../main/contract/registry.ts';
import { AliasBadge } from '../../components/alias-badge.tsx';
import { formatTime } from '../../components/format.ts';
import { Panel } from '../../components/panel.tsx';
import { ErrorState } from '../../components/states.tsx';
import classes from './models.module.css';

const reasons: Readonly<Record<AliasChange['reason'], string>> = {
  promotion: 'promoted',
  rollback: 'rolled back',
  removal: 'removed',
};

/** Every move of the aliases, newest first. */
export function AliasHistory({
  changes,
  error,
}: {
  readonly changes: readonly AliasChange[];
  readonly error: unknown;
}) {
  return (
    <Panel title="History of the aliases">
      {error ? (
        <ErrorState inline error={error} />
      ) : changes.length === 0 ? (
        <Text c="dimmed">No alias has been moved yet. A promotion is asked for here and decided under Review.</Text>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
        <section className={classes.timeline} tabIndex={0} aria-label="History">
          <Timeline bulletSize={10} lineWidth={2} active={-1}>
            {changes.map((change) => (
              <Timeline.Item key={`${change.at} ${change.alias} ${change.version}`}>
                <Text component="div" size="sm">
                  <AliasBadge alias={change.alias} />{' '}
                  {change.version === null ? (
                    `removed from v${change.from}`
                  ) : (
                    <>
                      {change.from === null ? 'set to' : `v${change.from} →`} <b>v{change.version}</b>
                    </>
                  )}
                  , {reasons[change.reason]} by {change.by}
                </Text>
                <Text size="xs" c="dimmed">
                  {formatTime(change.at)}
                  {change.comment !== '' && ` · “${change.comment}”`}
                </Text>
              </Timeline.Item>
            ))}
          </Timeline>
        </section>
      )}
    </Panel>
  );
}
