import { Group, Text } from '@mantine/core';
import classes from './bars.module.css';
import { formatCount } from './format.ts';

export interface BarPart {
  readonly name: string;
  readonly color: string;
}

export interface Bar {
  readonly label: string;
  /** One value per part. */
  readonly values: readonly number[];
}

/** Counts as stacked horizontal bars, one line each: readable for three categories and for three hundred. */
export function Bars({ parts, bars }: { readonly parts: readonly BarPart[]; readonly bars: readonly Bar[] }) {
  const largest = Math.max(1, ...bars.map((bar) => total(bar)));
  return (
    <div>
      {parts.length > 1 && (
        <Group gap="lg" mb="md">
          {parts.map((part) => (
            <Group key={part.name} gap={6}>
              <span className={classes.swatch} style={{ background: part.color }} />
              <Text size="xs" c="dimmed">
                {part.name}
              </Text>
            </Group>
          ))}
        </Group>
      )}
      <table className={classes.table}>
        <tbody>
          {bars.map((bar) => (
            <tr key={bar.label}>
              <th scope="row" className={classes.label}>
                {bar.label}
              </th>
              <td className={classes.cell}>
                <div className={classes.track}>
                  {bar.values.map((value, part) =>
                    value === 0 ? null : (
                      <div
                        key={parts[part]?.name}
                        title={`${bar.label}, ${parts[part]?.name}: ${formatCount(value)}`}
                        style={{ width: `${(value / largest) * 100}%`, background: parts[part]?.color }}
                      />
                    ),
                  )}
                </div>
              </td>
              <td className={classes.count}>{formatCount(total(bar))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function total(bar: Bar): number {
  return bar.values.reduce((sum, value) => sum + value, 0);
}
