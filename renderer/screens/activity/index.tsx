import { Button, Select, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconActivity, IconShieldCheck } from '@tabler/icons-react';
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import type { LedgerEntry } from '../../../main/contract/governance.ts';
import { useProcedure } from '../../client/index.ts';
import { Page } from '../../components/page.tsx';
import { useScreenActions } from '../../components/screen-actions.ts';
import { Answered, NothingHere } from '../../components/states.tsx';
import classes from './activity.module.css';
import { byDay } from './by-day.ts';
import { EntryDetail } from './entry-detail.tsx';
import { areaOf, ledgerAreas } from './ledger-areas.ts';
import { LedgerVerification } from './ledger-verification.tsx';

const pageLength = 200;
const typingMs = 250;

/** The ledger as people read it: what happened, by whom, day by day, newest first. */
export default function ActivityScreen() {
  const [search, setSearch] = useSearchParams();
  const [limit, setLimit] = useState(pageLength);
  const [verifying, setVerifying] = useState(false);
  const action = search.get('action');
  const [subject] = useDebouncedValue(search.get('subject') ?? '', typingMs);
  const entries = useProcedure(
    'ledger.list',
    { limit, ...(action === null ? {} : { action }), ...(subject === '' ? {} : { subject }) },
    { keepPrevious: true },
  );
  const set = (key: string, value: string | null) =>
    setSearch(
      (before) => {
        const after = new URLSearchParams(before);
        if (value === null || value === '') after.delete(key);
        else after.set(key, value);
        return after;
      },
      { replace: true },
    );
  useScreenActions('Activity', [{ id: 'verify', label: 'Verify the ledger', run: () => setVerifying(true) }]);
  return (
    <Page
      fill
      crumbs={[{ label: 'Activity' }]}
      actions={
        <Button variant="default" leftSection={<IconShieldCheck size={14} />} onClick={() => setVerifying(true)}>
          Verify
        </Button>
      }
      toolbar={
        <>
          <Select
            aria-label="Kind of entry"
            placeholder="Everything"
            clearable
            w={170}
            data={ledgerAreas.map((area) => ({ value: area.prefix, label: area.label }))}
            value={action}
            onChange={(value) => set('action', value)}
          />
          <TextInput
            aria-label="Subject"
            placeholder="Subject: a digest, name or id"
            w={280}
            value={search.get('subject') ?? ''}
            onChange={(event) => set('subject', event.currentTarget.value)}
          />
          <Text size="xs" c="dimmed" ml="auto">
            Every entry is chained to the one before by its hash.
          </Text>
        </>
      }
    >
      {verifying && <LedgerVerification close={() => setVerifying(false)} />}
      <Answered query={entries}>
        {(list) => {
          const opened = list.find((entry) => entry.sequence === Number(search.get('entry')));
          return list.length === 0 ? (
            <NothingHere icon={<IconActivity size={32} stroke={1.4} />} title="No entries">
              {action === null && subject === ''
                ? 'Imports, labels, approvals, deployments and changes of access are written here as they happen.'
                : 'No entry matches the filter.'}
            </NothingHere>
          ) : (
            <div className={classes.split}>
              <section className={classes.timeline} aria-label="Entries">
                {byDay(list).map(({ day, entries: ofDay }) => (
                  <section key={day}>
                    <h2 className={classes.day}>{day}</h2>
                    {ofDay.map((entry) => (
                      <EntryLine
                        key={entry.sequence}
                        entry={entry}
                        current={entry === opened}
                        onOpen={() => set('entry', entry === opened ? null : String(entry.sequence))}
                      />
                    ))}
                  </section>
                ))}
                {list.length >= limit && (
                  <div className={classes.more}>
                    <Button
                      variant="default"
                      loading={entries.isFetching}
                      onClick={() => setLimit(Math.min(1000, limit + pageLength))}
                    >
                      Show older entries
                    </Button>
                  </div>
                )}
              </section>
              {opened !== undefined && <EntryDetail entry={opened} close={() => set('entry', null)} />}
            </div>
          );
        }}
      </Answered>
    </Page>
  );
}

interface EntryLineProps {
  readonly entry: LedgerEntry;
  readonly current: boolean;
  readonly onOpen: () => void;
}

const timeOfDay = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

function EntryLine({ entry, current, onOpen }: EntryLineProps) {
  const { icon: Icon } = areaOf(entry.action);
  return (
    <button type="button" className={classes.entry} aria-expanded={current} onClick={onOpen}>
      <time className={classes.time} dateTime={entry.time}>
        {timeOfDay.format(new Date(entry.time))}
      </time>
      <Icon size={16} stroke={1.6} className={classes.icon} aria-hidden />
      <span className={classes.summary}>{entry.summary}</span>
      <span className={classes.actor}>{entry.actor}</span>
      <span className={classes.sequence}>#{entry.sequence}</span>
    </button>
  );
}
