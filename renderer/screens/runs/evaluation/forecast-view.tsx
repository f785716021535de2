import { SimpleGrid, Stack, Table, Text } from '@mantine/core';
import type { Evaluation } from '../../../../main/contract/evaluation.ts';
import { formatNumber } from '../../../components/format.ts';
import { Panel } from '../../../components/panel.tsx';
import classes from './evaluation.module.css';

type Forecast = NonNullable<Evaluation['forecast']>;

const [width, height] = [320, 120];

/** How far ahead a forecast can be trusted, and what it looks like. */
export function ForecastView({ forecast }: { readonly forecast: Forecast }) {
  const [target] = forecast.targets;
  return (
    <Stack gap="lg">
      <Panel
        title={`${target}, one step ahead`}
        aside={
          <Legend
            items={[
              ['truth', 'Truth'],
              ['forecast', 'Forecast'],
            ]}
          />
        }
      >
        <Lines
          label={`${target}: truth and forecast one step ahead`}
          width={960}
          height={220}
          lines={[
            { kind: 'truth', values: forecast.line.map(({ truth }) => truth) },
            { kind: 'forecast', values: forecast.line.map(({ forecast: said }) => said) },
          ]}
        />
      </Panel>
      <div className={classes.columns}>
        <Panel title="Against the newest value repeated" flush>
          <Errors forecast={forecast} />
        </Panel>
        <Panel title="Mean absolute error by steps ahead" flush>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Steps ahead</Table.Th>
                <Table.Th ta="right">Model</Table.Th>
                <Table.Th ta="right">Newest value</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {forecast.perStep
                .map((error, index) => ({ ...error, step: index + 1 }))
                .map((error) => (
                  <Table.Tr key={error.step}>
                    <Table.Td>{error.step}</Table.Td>
                    <Table.Td ta="right">{formatNumber(error.model)}</Table.Td>
                    <Table.Td ta="right" c="dimmed">
                      {formatNumber(error.naive)}
                    </Table.Td>
                  </Table.Tr>
                ))}
            </Table.Tbody>
          </Table>
        </Panel>
      </div>
      <Panel
        title="Examples"
        aside={
          <Legend
            items={[
              ['history', 'Seen'],
              ['truth', 'Truth'],
              ['forecast', 'Forecast'],
            ]}
          />
        }
      >
        <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="md">
          {forecast.examples.map((example) => {
            const before = Array<null>(example.history.length - 1).fill(null);
            const last = example.history.at(-1) ?? null;
            return (
              <div key={example.row}>
                <Text size="xs" c="dimmed">
                  From row {example.row}
                </Text>
                <Lines
                  label={`Forecast from row ${example.row}`}
                  width={width}
                  height={height}
                  lines={[
                    { kind: 'history', values: example.history },
                    { kind: 'truth', values: [...before, last, ...example.truth] },
                    { kind: 'forecast', values: [...before, last, ...example.forecast] },
                  ]}
                />
              </div>
            );
          })}
        </SimpleGrid>
      </Panel>
    </Stack>
  );
}

function Errors({ forecast: { model, naive } }: { readonly forecast: Forecast }) {
  const rows = [
    ['Mean absolute error', model.meanAbsoluteError, naive.meanAbsoluteError],
    ['Root mean squared error', model.rootMeanSquaredError, naive.rootMeanSquaredError],
    ['sMAPE', model.symmetricMeanAbsolutePercentageError, naive.symmetricMeanAbsolutePercentageError],
  ] as const;
  return (
    <Table>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Error</Table.Th>
          <Table.Th ta="right">Model</Table.Th>
          <Table.Th ta="right">Newest value</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map(([name, own, other]) => (
          <Table.Tr key={name}>
            <Table.Td>{name}</Table.Td>
            <Table.Td ta="right" fw={600}>
              {formatNumber(own)}
            </Table.Td>
            <Table.Td ta="right" c="dimmed">
              {formatNumber(other)}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

type LineKind = 'history' | 'truth' | 'forecast';

interface LinesProps {
  readonly label: string;
  readonly width: number;
  readonly height: number;
  readonly lines: readonly { readonly kind: LineKind; readonly values: readonly (number | null)[] }[];
}

/** Lines over equal steps, without axes but with their extremes. */
function Lines({ label, width: across, height: high, lines }: LinesProps) {
  const known = lines.flatMap(({ values }) => values).filter((value) => value !== null);
  const [low, top] = [Math.min(...known), Math.max(...known)];
  const count = Math.max(...lines.map(({ values }) => values.length));
  const x = (place: number) => (place / Math.max(1, count - 1)) * across;
  const y = (value: number) => 4 + (1 - (value - low) / (top - low || 1)) * (high - 8);
  return (
    <figure className={classes.figure}>
      <svg
        viewBox={`0 0 ${across} ${high}`}
        role="img"
        aria-label={label}
        className={classes.lines}
        preserveAspectRatio="none"
      >
        {lines.map(({ kind, values }) => (
          <polyline
            key={kind}
            className={classes[kind]}
            points={values.flatMap((value, place) => (value === null ? [] : [`${x(place)},${y(value)}`])).join(' ')}
          />
        ))}
      </svg>
      <figcaption className={classes.extremes}>
        <span>lowest {formatNumber(low)}</span>
        <span>highest {formatNumber(top)}</span>
      </figcaption>
    </figure>
  );
}

function Legend({ items }: { readonly items: readonly (readonly [LineKind, string])[] }) {
  return (
    <span className={classes.legend}>
      {items.map(([kind, name]) => (
        <span key={kind}>
          <svg width="18" height="8" aria-hidden="true">
            <line x1="0" x2="18" y1="4" y2="4" className={classes[kind]} />
          </svg>{' '}
          {name}
        </span>
      ))}
    </span>
  );
}
