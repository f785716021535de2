import type { LedgerEntry } from '../../../main/contract/governance.ts';

export interface Day {
  readonly day: string;
  readonly entries: readonly LedgerEntry[];
}

const dayName = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });

/** Entries under the day on which they happened, in the order given. */
export function byDay(entries: readonly LedgerEntry[]): readonly Day[] {
  const days: { day: string; entries: LedgerEntry[] }[] = [];
  for (const entry of entries) {
    const day = dayName.format(new Date(entry.time));
    const last = days.at(-1);
    if (last?.day === day) last.entries.push(entry);
    else days.push({ day, entries: [entry] });
  }
  return days;
}
