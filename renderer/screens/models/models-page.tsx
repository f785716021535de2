import { Button, Group, Table, Text } from '@mantine/core';
import { IconBox } from '@tabler/icons-react';
import { Link, useNavigate } from 'react-router';
import type { RegisteredModel } from '../../../main/contract/registry.ts';
import { useProcedure } from '../../client/index.ts';
import { AliasBadge, aliases } from '../../components/alias-badge.tsx';
import { formatPlural } from '../../components/format.ts';
import { Page } from '../../components/page.tsx';
import { Panel } from '../../components/panel.tsx';
import { paths } from '../../components/paths.ts';
import { When } from '../../components/small.tsx';
import { Answered, NothingHere } from '../../components/states.tsx';
import { headlines } from './headline.ts';
import classes from './models.module.css';

/** Every registered model and what it stands at. */
export function ModelsPage() {
  const models = useProcedure('registry.list', {});
  return (
    <Page crumbs={[{ label: 'Models' }]}>
      <Answered query={models}>
        {(list) =>
          list.length === 0 ? (
            <NothingHere
              icon={<IconBox size={28} />}
              title="No registered models yet"
              actions={
                <Button component={Link} to={paths.runs()}>
                  Choose a run
                </Button>
              }
            >
              Open a finished run and register it. It becomes a version with its signature, metrics and lineage, ready
              to be approved, exported and deployed.
            </NothingHere>
          ) : (
            <Panel flush>
              <Table highlightOnHover>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Model</Table.Th>
                    <Table.Th>Aliases</Table.Th>
                    <Table.Th>Newest version</Table.Th>
                    <Table.Th>Measured</Table.Th>
                    <Table.Th>Registered</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {list.map((model) => (
                    <ModelRow key={model.name} model={model} />
                  ))}
                </Table.Tbody>
              </Table>
            </Panel>
          )
        }
      </Answered>
    </Page>
  );
}

function ModelRow({ model }: { readonly model: RegisteredModel }) {
  const navigate = useNavigate();
  const newest = [...model.versions].sort((a, b) => b.version - a.version)[0];
  return (
    <Table.Tr className={classes.clickable} onClick={() => void navigate(paths.model(model.name))}>
      <Table.Td>
        <Link to={paths.model(model.name)} className={classes.name} onClick={(event) => event.stopPropagation()}>
          {model.name}
        </Link>
        {model.description !== '' && (
          <Text size="xs" c="dimmed" lineClamp={1}>
            {model.description}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Group gap={10}>
          {aliases
            .filter((alias) => model.aliases[alias] !== undefined)
            .map((alias) => (
              <Group key={alias} gap={4}>
                <AliasBadge alias={alias} />
                <Text span size="xs" c="dimmed">
                  v{model.aliases[alias]}
                </Text>
              </Group>
            ))}
          {Object.keys(model.aliases).length === 0 && <Text c="dimmed">none</Text>}
        </Group>
      </Table.Td>
      <Table.Td>
        {newest === undefined ? '–' : `v${newest.version}`}{' '}
        <Text span size="xs" c="dimmed">
          of {formatPlural(model.versions.length, 'version')}
        </Text>
      </Table.Td>
      <Table.Td>
        {headlines(newest?.metrics ?? {}, 2).map(({ key, title, text }) => (
          <Text key={key} span mr="md">
            <Text span size="xs" c="dimmed">
              {title}
            </Text>{' '}
            {text}
          </Text>
        ))}
      </Table.Td>
      <Table.Td>{newest !== undefined && <When time={newest.createdAt} />}</Table.Td>
    </Table.Tr>
  );
}
