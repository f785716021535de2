import { Button, Group, Stack, Table, Text } from '@mantine/core';
import { IconArrowBackUp } from '@tabler/icons-react';
import { useState } from 'react';
import { Link, useParams } from 'react-router';
import type { Alias, AliasChange, RegisteredModel } from '../../../main/contract/registry.ts';
import { useProcedure } from '../../client/index.ts';
import { AliasBadge, aliases, aliasWords } from '../../components/alias-badge.tsx';
import { formatBytes } from '../../components/format.ts';
import { Page } from '../../components/page.tsx';
import { Panel } from '../../components/panel.tsx';
import { paths } from '../../components/paths.ts';
import { Digest, When } from '../../components/small.tsx';
import { ErrorState, LoadingPage, NothingHere } from '../../components/states.tsx';
import { AliasAt } from './alias-at.tsx';
import { AliasHistory } from './alias-history.tsx';
import { headlines } from './headline.ts';
import classes from './models.module.css';
import { PendingRequests } from './pending-requests.tsx';
import { PromotionDialog } from './promotion-dialog.tsx';
import { RollbackDialog } from './rollback-dialog.tsx';

const noChanges: readonly AliasChange[] = [];

/** One model: where its aliases point and since when, its versions, its history. */
export function ModelPage() {
  const { modelName = '' } = useParams();
  const models = useProcedure('registry.list', {});
  const history = useProcedure('registry.history', { modelName });
  const [promoting, setPromoting] = useState<number | null>(null);
  const [rollingBack, setRollingBack] = useState<Alias | null>(null);
  const model = models.data?.find(({ name }) => name === modelName);
  const crumbs = [{ label: 'Models', to: paths.models() }, { label: modelName }];
  if (model === undefined)
    return (
      <Page crumbs={crumbs}>
        {models.error !== null ? (
          <ErrorState error={models.error} retry={() => void models.refetch()} />
        ) : models.data === undefined ? (
          <LoadingPage />
        ) : (
          <NothingHere title={`There is no model called ${modelName}`}>It may belong to another workspace.</NothingHere>
        )}
      </Page>
    );
  const changes = history.data ?? noChanges;
  return (
    <Page crumbs={crumbs}>
      <Stack gap="lg">
        {model.description !== '' && <Text maw={760}>{model.description}</Text>}
        <div className={classes.aliases}>
          {aliases.map((alias) => (
            <AliasCard
              key={alias}
              alias={alias}
              model={model}
              changes={changes.filter((change) => change.alias === alias)}
              onRollback={() => setRollingBack(alias)}
            />
          ))}
        </div>
        <PendingRequests modelName={modelName} />
        <Versions model={model} onPromote={setPromoting} />
        <div className={classes.two}>
          <AliasHistory changes={changes} error={history.error} />
          <AliasAt modelName={modelName} />
        </div>
      </Stack>
      <PromotionDialog model={model} version={promoting} close={() => setPromoting(null)} />
      <RollbackDialog modelName={modelName} alias={rollingBack} changes={changes} close={() => setRollingBack(null)} />
    </Page>
  );
}

interface AliasCardProps {
  readonly alias: Alias;
  readonly model: RegisteredModel;
  /** Of this alias, newest first. */
  readonly changes: readonly AliasChange[];
  readonly onRollback: () => void;
}

function AliasCard({ alias, model, changes, onRollback }: AliasCardProps) {
  const version = model.aliases[alias];
  const newest = changes[0];
  return (
    <section className={classes.alias} aria-label={alias}>
      <Group justify="space-between" wrap="nowrap">
        <AliasBadge alias={alias} />
        {version !== undefined && newest?.from != null && (
          <Button variant="subtle" color="gray" leftSection={<IconArrowBackUp size={14} />} onClick={onRollback}>
            Roll back to v{newest.from}
          </Button>
        )}
      </Group>
      {version === undefined ? (
        <>
          <Text fz={20} fw={600} c="dimmed" lh={1.3}>
            –
          </Text>
          <Text size="xs" c="dimmed">
            {aliasWords[alias]}. No version yet.
          </Text>
        </>
      ) : (
        <>
          <Link to={paths.modelVersion(model.name, version)} className={classes.aliasVersion}>
            Version {version}
          </Link>
          <Text size="xs" c="dimmed">
            {newest === undefined ? (
              aliasWords[alias]
            ) : (
              <>
                <When time={newest.at} /> by {newest.by}
                {newest.reason === 'rollback' && ', rolled back'}
              </>
            )}
          </Text>
        </>
      )}
    </section>
  );
}

interface VersionsProps {
  readonly model: RegisteredModel;
  readonly onPromote: (version: number) => void;
}

function Versions({ model, onPromote }: VersionsProps) {
  const versions = [...model.versions].sort((a, b) => b.version - a.version);
  const columns = headlines(versions[0]?.metrics ?? {}, 3);
  return (
    <Panel title="Versions" flush>
      <Table.ScrollContainer type="native" tabIndex={0} minWidth={900}>
        <Table highlightOnHover>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Version</Table.Th>
              <Table.Th>Aliases</Table.Th>
              {columns.map(({ key, title }) => (
                <Table.Th key={key} ta="right">
                  {title}
                </Table.Th>
              ))}
              <Table.Th ta="right">Size</Table.Th>
              <Table.Th>Registered</Table.Th>
              <Table.Th>Digest</Table.Th>
              <Table.Th>
                <span className={classes.hidden}>Actions</span>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {versions.map((version) => (
              <Table.Tr key={version.version}>
                <Table.Td>
                  <Link to={paths.modelVersion(model.name, version.version)} className={classes.name}>
                    Version {version.version}
                  </Link>
                  {version.description !== '' && (
                    <Text size="xs" c="dimmed" lineClamp={1} maw={320}>
                      {version.description}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td>
                  <Group gap={4}>
                    {version.aliases.map((alias) => (
                      <AliasBadge key={alias} alias={alias} />
                    ))}
                  </Group>
                </Table.Td>
                {columns.map(({ key }) => (
                  <Table.Td key={key} ta="right">
                    {headlines(version.metrics, 100).find((entry) => entry.key === key)?.text ?? '–'}
                  </Table.Td>
                ))}
                <Table.Td ta="right" className={classes.nowrap}>
                  {formatBytes(version.sizeBytes)}
                </Table.Td>
                <Table.Td>
                  <When time={version.createdAt} /> by {version.createdBy}
                </Table.Td>
                <Table.Td>
                  <Digest value={version.digest} label={`Version ${version.version}`} />
                </Table.Td>
                <Table.Td ta="right">
                  <Button
                    variant="subtle"
                    aria-label={`Promote version ${version.version}`}
                    onClick={() => onPromote(version.version)}
                  >
                    Promote …
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Panel>
  );
}
