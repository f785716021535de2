import { Table, UnstyledButton } from '@mantine/core';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { useState } from 'react';
import type { Evaluation } from '../../../main/contract/evaluation.ts';
import { formatCount, formatPercent } from '../../components/format.ts';
import classes from './per-class-table.module.css';

type Row = NonNullable<Evaluation['classification']>['perClass'][number];
type Key = 'label' | 'precision' | 'recall' | 'f1' | 'auc' | 'support';

const columns: readonly { readonly key: Key; readonly title: string }[] = [
  { key: 'label', title: 'Class' },
  { key: 'precision', title: 'Precision' },
  { key: 'recall', title: 'Recall' },
  { key: 'f1', title: 'F1' },
  { key: 'auc', title: 'AUC' },
  { key: 'support', title: 'Items' },
];

/** Precision, recall and F1 of each class; a click on a heading sorts, the weakest first. */
export function PerClassTable({ rows }: { readonly rows: readonly Row[] }) {
  const [sort, setSort] = useState<{ key: Key; descending: boolean } | null>(null);
  const sorted = sort === null ? rows : [...rows].sort((a, b) => compare(a, b, sort.key) * (sort.descending ? -1 : 1));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
    <section className={classes.frame} tabIndex={0} aria-label="Figures by class">
      <Table stickyHeader verticalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            {columns.map(({ key, title }) => (
              <Table.Th
                key={key}
                ta={key === 'label' ? 'left' : 'right'}
                aria-sort={sort?.key === key ? (sort.descending ? 'descending' : 'ascending') : 'none'}
              >
                <UnstyledButton
                  className={classes.sort}
                  onClick={() => setSort({ key, descending: sort?.key === key ? !sort.descending : false })}
                >
                  {title}
                  {sort?.key === key && (sort.descending ? <IconArrowDown size={12} /> : <IconArrowUp size={12} />)}
                </UnstyledButton>
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {sorted.map((row) => (
            <Table.Tr key={row.label}>
              <Table.Td>{row.label}</Table.Td>
              {(['precision', 'recall', 'f1', 'auc'] as const).map((key) => (
                <Table.Td key={key} ta="right">
                  <div className={classes.value}>
                    {formatPercent(row[key], 1)}
                    <span style={{ width: `${(row[key] ?? 0) * 100}%` }} />
                  </div>
                </Table.Td>
              ))}
              <Table.Td ta="right">{formatCount(row.support)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}

function compare(a: Row, b: Row, key: Key): number {
  if (key === 'label') return a.label.localeCompare(b.label, undefined, { numeric: true });
  return (a[key] ?? -1) - (b[key] ?? -1);
}
