import { Anchor, Badge, Button, Group, SimpleGrid, Stack, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import type { ModelVersion, PromotionRequest } from '../../../main/contract/registry.ts';
import { formatMetric, metricTitle } from '../../charts/metric-groups.ts';
import { useCommand, useProcedure } from '../../client/index.ts';
import { formatBytes, formatNumber } from '../../components/format.ts';
import { Panel } from '../../components/panel.tsx';
import { paths } from '../../components/paths.ts';
import { Digest, Fact, When } from '../../components/small.tsx';
import { Answered } from '../../components/states.tsx';
import { LineageGraph } from '../../viewers/lineage-graph.tsx';
import { DecisionForm } from './decision-form.tsx';
import type { ComparedMetric } from './metric-comparison.ts';
import { compareMetrics, judgingMetrics } from './metric-comparison.ts';
import { requestStates } from './request-state.ts';
import classes from './review.module.css';

/** Everything an approver needs to decide, and the decision. */
export function RequestDetail({ request }: { readonly request: PromotionRequest }) {
  const { modelName, version, replaces } = request;
  const candidate = useProcedure('registry.get', { modelName, version });
  const current = useProcedure(
    'registry.get',
    { modelName, version: replaces ?? version },
    { enabled: replaces !== null },
  );
  const me = useProcedure('session.current', {});
  const withdraw = useCommand('registry.withdraw');
  const state = requestStates[request.state];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by the keyboard
    <section className={classes.detail} tabIndex={0} aria-label="Request">
      <Stack gap="lg" maw={1320}>
        <Group justify="space-between">
          <Stack gap={2}>
            <Group gap="sm">
              <Text fz={16} fw={600}>
                Move {request.alias} of {modelName} to version {version}
              </Text>
              <Badge color={state.color}>{state.label}</Badge>
            </Group>
            <Text c="dimmed">
              {replaces === null ? `Nothing is in ${request.alias} yet` : `Replaces version ${replaces}`} · asked by{' '}
              {request.requestedBy} <When time={request.requestedAt} />
            </Text>
          </Stack>
          {request.state === 'PENDING' && me.data?.name === request.requestedBy && (
            <Button
              variant="default"
              loading={withdraw.isPending}
              onClick={() => withdraw.mutate({ requestId: request.id })}
            >
              Withdraw
            </Button>
          )}
        </Group>
        <div className={classes.columns}>
          <Stack gap="lg" miw={0}>
            {request.comment !== '' && <Panel title="Why">{request.comment}</Panel>}
            <Answered query={candidate}>
              {(model) => (
                <>
                  <Evidence model={model} />
                  <Metrics candidate={model} current={replaces === null ? undefined : current.data} />
                  <Provenance model={model} />
                </>
              )}
            </Answered>
          </Stack>
          <div className={classes.decision}>
            {request.state === 'PENDING' ? (
              <DecisionForm request={request} />
            ) : (
              request.decidedBy !== null &&
              request.decidedAt !== null && (
                <Panel title="Decision">
                  <Text>
                    {state.label} by {request.decidedBy} <When time={request.decidedAt} />
                  </Text>
                  {request.decisionComment !== '' && <Text mt="xs">{request.decisionComment}</Text>}
                </Panel>
              )
            )}
          </div>
        </div>
      </Stack>
    </section>
  );
}

function Evidence({ model }: { readonly model: ModelVersion }) {
  return (
    <Panel
      title="What it is"
      aside={
        <Anchor component={Link} to={paths.modelVersion(model.modelName, model.version)}>
          Open the model version
        </Anchor>
      }
    >
      <SimpleGrid cols={{ base: 2, lg: 3 }} spacing="lg">
        <Fact label="Run">
          <Anchor component={Link} to={paths.run(model.runId)}>
            {model.runId}
          </Anchor>
        </Fact>
        <Fact label="Dataset">
          <Anchor component={Link} to={paths.dataset(model.datasetDigest)}>
            Open the version
          </Anchor>{' '}
          <Digest value={model.datasetDigest} label="Dataset digest" />
        </Fact>
        <Fact label="Task">{model.task}</Fact>
        <Fact label="Size">{formatBytes(model.sizeBytes)}</Fact>
        <Fact label="Model digest">
          <Digest value={model.digest} label="Model digest" />
        </Fact>
        <Fact label="Registered">
          <When time={model.createdAt} /> by {model.createdBy}
        </Fact>
        <Fact label="Code">{model.codeVersion}</Fact>
        <Fact label="Bundle">
          {model.bundleDigest === null ? 'not exported' : <Digest value={model.bundleDigest} label="Bundle digest" />}
        </Fact>
      </SimpleGrid>
      {model.description !== '' && <Text mt="md">{model.description}</Text>}
    </Panel>
  );
}

interface MetricTableProps {
  readonly candidate: ModelVersion;
  readonly current: ModelVersion | undefined;
}

function Metrics({ candidate, current }: MetricTableProps) {
  const [all, setAll] = useState(false);
  const every = compareMetrics(candidate.metrics, current?.metrics);
  const rows = all ? every : judgingMetrics(every);
  return (
    <Panel
      title="Metrics"
      flush
      aside={
        (all || rows.length < every.length) && (
          <Button variant="subtle" onClick={() => setAll(!all)}>
            {all ? 'Only evaluations' : `Show all ${every.length}`}
          </Button>
        )
      }
    >
      <MetricTable candidate={candidate} current={current} rows={rows} />
    </Panel>
  );
}

function MetricTable({ candidate, current, rows }: MetricTableProps & { readonly rows: readonly ComparedMetric[] }) {
  return (
    <Table>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Metric</Table.Th>
          <Table.Th ta="right">Version {candidate.version}</Table.Th>
          {current !== undefined && <Table.Th ta="right">Version {current.version}</Table.Th>}
          {current !== undefined && <Table.Th ta="right">Difference</Table.Th>}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={row.key}>
            <Table.Td title={row.key}>{metricTitle(row.key)}</Table.Td>
            <Table.Td ta="right">{shown(row.key, row.candidate)}</Table.Td>
            {current !== undefined && <Table.Td ta="right">{shown(row.key, row.current)}</Table.Td>}
            {current !== undefined && (
              <Table.Td ta="right" c={row.better === null ? 'dimmed' : row.better ? 'var(--lb-good)' : 'var(--lb-bad)'}>
                {row.difference === null
                  ? '–'
                  : `${row.difference > 0 ? '+' : ''}${formatNumber(row.difference)}${row.better === null ? '' : row.better ? ' better' : ' worse'}`}
              </Table.Td>
            )}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Provenance({ model }: { readonly model: ModelVersion }) {
  const lineage = useProcedure('lineage.get', { digest: model.digest, direction: 'upstream' });
  return (
    <Panel title="Where it comes from">
      <Answered query={lineage}>{(data) => <LineageGraph lineage={data} focus={model.digest} />}</Answered>
    </Panel>
  );
}

function shown(key: string, value: number | null): string {
  return value === null ? '–' : formatMetric(key, value);
}
