import { Badge, Table, Text } from '@mantine/core';
import { useProcedure } from '../../client/index.ts';
import { formatDuration, formatPercent, formatTime } from '../../components/format.ts';
import { Panel } from '../../components/panel.tsx';
import { Answered } from '../../components/states.tsx';
import classes from './deploy.module.css';
import type { EndpointTabProps } from './endpoint-tab.ts';

const refreshMs = 3000;
const limit = 200;
const answersShown = 3;

/** What was asked and answered, newest first, each with the version that answered. */
export function PredictionLog({ deployment }: EndpointTabProps) {
  const log = useProcedure(
    'deployments.predictions',
    { endpoint: deployment.endpoint, limit },
    { refetchIntervalMs: refreshMs },
  );
  return (
    <Panel title="Prediction log" flush>
      <Answered query={log}>
        {(records) =>
          records.length === 0 ? (
            <Text c="dimmed" p="lg">
              Nothing was asked yet. Try it, or send the first request with curl.
            </Text>
          ) : (
            <Table.ScrollContainer type="native" tabIndex={0} minWidth={640} maxHeight={560}>
              <Table verticalSpacing={4} stickyHeader>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Time</Table.Th>
                    <Table.Th>Version</Table.Th>
                    <Table.Th ta="right">Batch</Table.Th>
                    <Table.Th ta="right">Took</Table.Th>
                    <Table.Th>Status</Table.Th>
                    <Table.Th>Answer</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {records.map((record) => (
                    <Table.Tr key={record.id}>
                      <Table.Td className={classes.nowrap}>{formatTime(record.time)}</Table.Td>
                      <Table.Td>v{record.version}</Table.Td>
                      <Table.Td ta="right">{record.batchSize}</Table.Td>
                      <Table.Td ta="right">{formatDuration(record.durationMs)}</Table.Td>
                      <Table.Td>
                        <Badge color={record.status < 400 ? 'green' : 'red'}>{record.status}</Badge>
                      </Table.Td>
                      <Table.Td>
                        {record.error ??
                          record.predicted
                            .slice(0, answersShown)
                            .map((answer, index) => {
                              const sure = record.confidence[index];
                              return sure === undefined ? answer : `${answer} ${formatPercent(sure, 1)}`;
                            })
                            .join(', ')}
                        {record.error === null && record.predicted.length === 0 && (
                          <Text span c="dimmed">
                            not kept
                          </Text>
                        )}
                        {record.predicted.length > answersShown &&
                          ` and ${record.predicted.length - answersShown} more`}
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          )
        }
      </Answered>
    </Panel>
  );
}
