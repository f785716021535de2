import { Button, Group, SimpleGrid, Stack, Table, Tabs, Text } from '@mantine/core';
import { IconArrowUpCircle, IconPackageExport, IconRocket } from '@tabler/icons-react';
import { useState } from 'react';
import { Link, useParams, useSearchParams } from 'react-router';
import type { ModelVersion, Signature } from '../../../main/contract/registry.ts';
import { useCommand, useJob, useProcedure } from '../../client/index.ts';
import { AliasBadge } from '../../components/alias-badge.tsx';
import { formatBytes } from '../../components/format.ts';
import { JobLine } from '../../components/job-progress.tsx';
import { Page } from '../../components/page.tsx';
import { Panel } from '../../components/panel.tsx';
import { paths } from '../../components/paths.ts';
import { Digest, Fact, When } from '../../components/small.tsx';
import { Answered, ErrorState, LoadingPage } from '../../components/states.tsx';
import { TextLink } from '../../components/text-link.tsx';
import { LineageGraph } from '../../viewers/lineage-graph.tsx';
import { headlines } from './headline.ts';
import classes from './models.module.css';
import { PromotionDialog } from './promotion-dialog.tsx';

/** One immutable version: what it takes and gives, how good it is, where it comes from. */
export function VersionPage() {
  const { modelName = '', version: text = '' } = useParams();
  const version = Number(text);
  const answer = useProcedure('registry.get', { modelName, version });
  const models = useProcedure('registry.list', {});
  const [search, setSearch] = useSearchParams();
  const [promoting, setPromoting] = useState(false);
  const [exportJobId, setExportJobId] = useState<string>();
  const exportJob = useJob(exportJobId);
  const bundle = useCommand('bundles.export', { onSuccess: ({ jobId }) => setExportJobId(jobId) });
  const model = models.data?.find(({ name }) => name === modelName);
  const data = answer.data;
  const crumbs = [
    { label: 'Models', to: paths.models() },
    { label: modelName, to: paths.model(modelName) },
    { label: `Version ${text}` },
  ];
  if (data === undefined)
    return (
      <Page crumbs={crumbs}>
        {answer.error === null ? (
          <LoadingPage />
        ) : (
          <ErrorState error={answer.error} retry={() => void answer.refetch()} />
        )}
      </Page>
    );
  const exporting = bundle.isPending || exportJob?.state === 'RUNNING' || exportJob?.state === 'SCHEDULED';
  return (
    <Page
      crumbs={crumbs}
      aside={
        <Group gap={4}>
          {data.aliases.map((alias) => (
            <AliasBadge key={alias} alias={alias} />
          ))}
        </Group>
      }
      actions={
        <>
          <Button
            variant="default"
            leftSection={<IconArrowUpCircle size={14} />}
            disabled={model === undefined}
            onClick={() => setPromoting(true)}
          >
            Promote …
          </Button>
          {data.bundleDigest === null ? (
            <Button
              leftSection={<IconPackageExport size={14} />}
              loading={exporting}
              onClick={() => bundle.mutate({ modelName, version })}
            >
              Export bundle
            </Button>
          ) : (
            <Button
              component={Link}
              to={`${paths.deploy()}/bundles/${data.bundleDigest}`}
              leftSection={<IconRocket size={14} />}
            >
              Bundle & deploy
            </Button>
          )}
        </>
      }
      toolbar={
        <Tabs
          value={search.get('tab') ?? 'overview'}
          onChange={(tab) => setSearch(tab === null ? {} : { tab }, { replace: true })}
          style={{ alignSelf: 'flex-end' }}
        >
          <Tabs.List>
            <Tabs.Tab value="overview">Overview</Tabs.Tab>
            <Tabs.Tab value="lineage">Lineage</Tabs.Tab>
          </Tabs.List>
        </Tabs>
      }
    >
      {search.get('tab') === 'lineage' ? (
        <LineageTab version={data} />
      ) : (
        <Stack gap="lg">
          {exportJob !== undefined && exportJob.state !== 'FINISHED' && (
            <Panel title="Export">
              <JobLine job={exportJob} />
            </Panel>
          )}
          <Overview version={data} />
        </Stack>
      )}
      {model !== undefined && (
        <PromotionDialog model={model} version={promoting ? version : null} close={() => setPromoting(false)} />
      )}
    </Page>
  );
}

function Overview({ version }: { readonly version: ModelVersion }) {
  return (
    <Stack gap="lg">
      <Panel>
        <Stack gap="md">
          {version.description !== '' && <Text maw={760}>{version.description}</Text>}
          <SimpleGrid cols={{ base: 2, sm: 4, lg: 5 }} spacing="md" verticalSpacing="sm">
            <Fact label="Registered">
              <When time={version.createdAt} /> by {version.createdBy}
            </Fact>
            <Fact label="Run">
              <TextLink to={paths.run(version.runId)}>Open the run</TextLink>
            </Fact>
            <Fact label="Dataset">
              <TextLink to={paths.dataset(version.datasetDigest)}>Open the dataset</TextLink>
            </Fact>
            <Fact label="Task">{version.task}</Fact>
            <Fact label="Size of the graph">{formatBytes(version.sizeBytes)}</Fact>
            <Fact label="Version">
              <Digest value={version.digest} label="Version" />
            </Fact>
            <Fact label="Graph that ships (ONNX)">
              <Digest value={version.onnxDigest} label="ONNX" />
            </Fact>
            <Fact label="Checkpoint">
              <Digest value={version.checkpointDigest} label="Checkpoint" />
            </Fact>
            <Fact label="Label set">
              {version.labelSetDigest === null ? (
                'as imported'
              ) : (
                <Digest value={version.labelSetDigest} label="Label set" />
              )}
            </Fact>
            <Fact label="Code version">{version.codeVersion}</Fact>
          </SimpleGrid>
        </Stack>
      </Panel>
      <div className={classes.two}>
        <Panel title="Metrics" flush>
          {Object.keys(version.metrics).length === 0 ? (
            <Text c="dimmed" p="lg">
              None were recorded.
            </Text>
          ) : (
            <Table verticalSpacing={5}>
              <Table.Tbody>
                {headlines(version.metrics, Number.POSITIVE_INFINITY).map(({ key, title, text }) => (
                  <Table.Tr key={key}>
                    <Table.Td>{title}</Table.Td>
                    <Table.Td ta="right">{text}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          )}
        </Panel>
        <Stack gap="lg">
          <Panel title="Signature" flush>
            <SignatureTable signature={version.signature} />
          </Panel>
          {version.classes.length > 0 && (
            <Panel title={`Classes (${version.classes.length})`}>
              <div className={classes.classes}>
                {version.classes.map((name, index) => (
                  <span key={name}>
                    <Text span size="xs" c="dimmed">
                      {index}
                    </Text>{' '}
                    {name}
                  </span>
                ))}
              </div>
            </Panel>
          )}
        </Stack>
      </div>
    </Stack>
  );
}

function SignatureTable({ signature }: { readonly signature: Signature }) {
  const rows = [
    ...signature.inputs.map((tensor) => ({ direction: 'in', tensor })),
    ...signature.outputs.map((tensor) => ({ direction: 'out', tensor })),
  ];
  return (
    <Table.ScrollContainer type="native" tabIndex={0} minWidth={360}>
      <Table verticalSpacing={5}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Direction</Table.Th>
            <Table.Th>Name</Table.Th>
            <Table.Th>Type</Table.Th>
            <Table.Th>Shape</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ direction, tensor }) => (
            <Table.Tr key={`${direction} ${tensor.name}`}>
              <Table.Td c="dimmed">{direction}</Table.Td>
              <Table.Td>
                {tensor.name}
                <Text size="xs" c="dimmed">
                  {tensor.description}
                </Text>
              </Table.Td>
              <Table.Td>{tensor.datatype}</Table.Td>
              <Table.Td className={classes.mono}>
                {tensor.shape.map((size) => (size < 0 ? 'any' : size)).join(' × ')}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function LineageTab({ version }: { readonly version: ModelVersion }) {
  const lineage = useProcedure('lineage.get', { digest: version.digest });
  return (
    <Panel title="Where it comes from, and what was made of it">
      <Answered query={lineage}>{(data) => <LineageGraph lineage={data} focus={version.digest} />}</Answered>
    </Panel>
  );
}
